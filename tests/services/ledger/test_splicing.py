"""The line of an export: nothing of an event is lost or changed by giving it its recorded time."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import content_digest, parse_event, to_micros
from services.ledger.splicing import exported
from tests.support.lines import event, line

AT = 1_584_355_200_123_456

EXTRA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def export(raw: bytes, *, imported: bool) -> bytes:
    return exported(parse_event(raw), AT, raw, imported=imported)


def exact(raw: bytes) -> Any:
    return json.loads(raw, parse_float=Decimal)


def test_an_imported_one_with_its_own_time_is_left_as_it_is() -> None:
    raw = b' {"lang" : "nl" ,' + line()[1:] + b"  "
    assert export(raw, imported=True) == raw


@pytest.mark.parametrize("begin", [b"{", b" {", b"\t{  ", b"{\t"])
def test_one_that_the_ledger_stamped_gets_the_time_first_and_keeps_every_byte_after_it(begin: bytes) -> None:
    raw = begin + line(recorded=None)[1:]
    assert export(raw, imported=False) == b'{"recordedtime":"2020-03-16T10:40:00.123456Z",' + line(recorded=None)[1:]
    assert export(raw, imported=True) == export(raw, imported=False)


@pytest.mark.parametrize("own", ['"2020-03-16T12:00:00+01:00"', "null"])
def test_a_live_one_loses_its_own(own: str) -> None:
    raw = line(recorded=None)[:-1] + f',"recordedtime":{own},"n":1.10}}'.encode()
    out = export(raw, imported=False)
    assert out.count(b"recordedtime") == 1
    assert to_micros(parse_event(out).recordedtime) == AT  # type: ignore[arg-type]
    assert out.endswith(b'"n":1.10}')


@given(EXTRA, st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_the_content_stays_the_same(extra: Any, indent: int | None, own: bool, imported: bool) -> None:
    made = event(5, recorded="2020-03-16T12:00:00+01:00" if own else None) | {"unknownattribute": extra}
    made["data"] |= {"unknown": extra}
    raw = json.dumps(made, indent=indent).encode()
    out = export(raw, imported=imported)
    assert b"\n" not in out
    assert content_digest(out) == content_digest(raw)
    recorded = parse_event(out).recordedtime
    assert recorded is not None
    assert (to_micros(recorded) == AT) is not (own and imported)


@pytest.mark.parametrize("number", ["1.10000000000000000000000000000001", "123456789012345678901234567890", "1E+2"])
@pytest.mark.parametrize("imported", [True, False])
def test_numbers_keep_their_digits_also_over_several_lines(number: str, imported: bool) -> None:
    raw = line()[:-1] + f',\n"number":\r\n{number}}}'.encode()
    out = export(raw, imported=imported)
    assert f'"number":{number}' in out.decode()
    assert {key: value for key, value in exact(out).items() if key != "recordedtime"} == {
        key: value for key, value in exact(raw).items() if key != "recordedtime"
    }
