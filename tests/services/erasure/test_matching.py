"""Names are found exactly where `name in text` finds them, however many there are and however the text is cut."""

from __future__ import annotations

import json
import secrets
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.erasure import matching
from services.erasure.matching import Wanted
from tests.support.examples import examples

LENGTHS = st.sampled_from([*range(1, 20), 24, 31, 32, 33, 36, 63, 64, 65, 90])
ALPHABETS = st.sampled_from(["ab", "ab1-_", 'aé"\\/', "0123456789abcdef-"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], bytes, list[bytes]]:
    """Names much like each other; a text with parts of them, and some of them whole; the text, cut up."""
    letters = draw(ALPHABETS)
    text = LENGTHS.flatmap(lambda length: st.text(letters, min_size=length, max_size=length))
    names = draw(st.lists(text, min_size=1, max_size=30))
    some = st.sampled_from(names)
    parts = some.flatmap(lambda name: st.integers(0, len(name)).map(lambda cut: (name[:cut], name[cut:])))
    pieces = st.one_of(
        st.binary(max_size=80),
        parts.map(lambda cut: cut[0].encode()),
        parts.map(lambda cut: cut[1].encode()),
        some.map(str.encode),
        some.map(lambda name: json.dumps(name)[1:-1].encode()),
    )
    whole = b"".join(draw(st.lists(pieces, max_size=12)))
    cuts = sorted(draw(st.sets(st.integers(0, len(whole)), max_size=6)))
    return names, whole, [whole[i:j] for i, j in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def forms(name: str) -> set[bytes]:
    return {name.encode(), *(json.dumps(name, ensure_ascii=ascii)[1:-1].encode() for ascii in (True, False))}


@given(cases(), st.sampled_from([1, 7, 1 << 22]), st.sampled_from([5, 64, 1 << 16]))
@examples(150)
def test_what_in_finds_is_found_and_nothing_else(
    case: tuple[list[str], bytes, list[bytes]], piece: int, block: int
) -> None:
    names, text, pieces = case
    there = {name for name in names if any(form in text for form in forms(name))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "_PIECE", piece)
        patch.setattr(matching, "_BLOCK", block)
        wanted = Wanted(names)
        assert {name for _, name in wanted.found(text)} == there
        assert wanted.holds(pieces) == bool(there)
        assert not wanted.holds(pieces, besides=there)
        each = {name for _, found in wanted.through(((), part) for part in pieces) for name in found}
        assert each == {name for name in names for part in pieces if any(form in part for form in forms(name))}


def test_each_of_very_many_is_found_at_any_place(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*(secrets.token_urlsafe(18) for _ in range(60_000)), *(str(uuid4()) for _ in range(60_000))]
    # Numbered, after the same beginning, or before the same end.
    names += [
        *(f"leerling-van-een-school-{n:07}" for n in range(60_000)),
        *(f"{n:07}-bij-06KR00" for n in range(60_000)),
    ]
    wanted = Wanted(names)
    # A name without its last digit is no other one: what follows it is no digit.
    rest = b"|" + secrets.token_bytes(1 << 20) + b"leerling-van-een-school-9999999" * 10_000
    assert not wanted.holds([rest])
    monkeypatch.setattr(matching, "_PIECE", 1)  # each piece by itself
    for name in (names[0], names[59_999], names[60_000], names[119_999], names[120_000], names[-1]):
        text = rest + name.encode() + rest
        assert list(wanted.found(text)) == [(len(rest), name)]
        for cut in (1, len(name) // 2, len(name) - 1):
            assert wanted.holds([text[: len(rest) + cut], text[len(rest) + cut :]])
            assert not wanted.holds([text[: len(rest) + cut], text[len(rest) + cut + 1 :]])


def test_without_names_nothing_is_found() -> None:
    for wanted in (Wanted([]), Wanted([""])):
        assert (wanted.holds([b"", b"text"]), list(wanted.found(b"text"))) == (False, [])
        assert list(wanted.through([(1, b"text")])) == [(1, set())]


def test_a_name_is_found_as_json_writes_it() -> None:
    name = 'één "naam"\\van Zoë'
    wanted = Wanted([name])
    for text in forms(name):
        assert list(wanted.found(b"{" + text + b"}")) == [(1, name)]
    assert len(forms(name)) == 3
