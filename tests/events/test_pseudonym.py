from __future__ import annotations

import hmac
import json
import re
import stat
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from stdnum.nl import bsn
from typer.testing import CliRunner

from events import PseudonymKeyError, Pseudonyms, Rejected, new_pseudonym_key
from events.rules import PSEUDONYM_PATTERN

KEY = bytes(range(32))
CHAIN = Pseudonyms(KEY)
OTHER = Pseudonyms(bytes(32))


def with_check_digit(first_eight: int) -> str | None:
    """Give the BSN that begins with these eight digits; not every eight can begin one."""
    digits = f"{first_eight:08}"
    check = sum((9 - place) * int(digit) for place, digit in enumerate(digits)) % 11
    return f"{digits}{check}" if check < 10 else None


bsns = st.integers(1, 99_999_999).map(with_check_digit).filter(bool).map(str)
locals_ = st.from_regex(r"[0-9A-Z._/-]{1,40}", fullmatch=True).filter(lambda n: not (len(n) == 9 and bsn.is_valid(n)))
issuers = st.from_regex(r"[0-9A-Z]{2,20}", fullmatch=True)


def bare(number: str) -> str:
    return number.lstrip("0") or "0" if number.isdigit() else number


@given(bsns)
def test_a_pseudonym_has_the_form_of_the_contract_and_can_be_no_bsn(number: str) -> None:
    made = CHAIN.of_bsn(number)
    assert re.fullmatch(PSEUDONYM_PATTERN, made)
    assert len(made) == 24
    assert number not in made


def test_it_is_the_hmac_that_the_documentation_describes() -> None:
    mac = hmac.new(KEY, b"kindinbeeld\x00bsn\x00111222333", "sha256").digest()
    assert CHAIN.of_bsn("111222333") == urlsafe_b64encode(mac[:18]).decode()
    mac = hmac.new(KEY, b"kindinbeeld\x00local\x0006KR00\x00A-17", "sha256").digest()
    assert CHAIN.of_local("a-17", "06kr00") == urlsafe_b64encode(mac[:18]).decode()
    mac = hmac.new(KEY, b"kindinbeeld\x00household\x00GM0014\x00A-17", "sha256").digest()
    assert CHAIN.of_household("a-17", "gm0014") == urlsafe_b64encode(mac[:18]).decode()


@given(bsns, st.sampled_from(("", " ", ".", "-", "\u00a0")))
def test_however_a_bsn_is_written_it_is_the_same_child(number: str, between: str) -> None:
    written = between.join((number[:4], number[4:6], number[6:]))
    assert CHAIN.of_bsn(f" {written}\n") == CHAIN.of_bsn(number)
    assert CHAIN.of_bsn(number.translate({ord("0") + n: 0xFF10 + n for n in range(10)})) == CHAIN.of_bsn(number)
    if number[0] == "0":
        assert CHAIN.of_bsn(number[1:]) == CHAIN.of_bsn(number)


@given(bsns, bsns)
def test_other_children_and_other_keys_have_other_pseudonyms(one: str, other: str) -> None:
    assert (CHAIN.of_bsn(one) == CHAIN.of_bsn(other)) == (one == other)
    assert CHAIN.of_bsn(one) != OTHER.of_bsn(one)


@given(bsns, st.integers(0, 8), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed_and_the_number_not_repeated(number: str, place: int, more: int) -> None:
    wrong = f"{number[:place]}{(int(number[place]) + more) % 10}{number[place + 1 :]}"
    with pytest.raises(Rejected) as caught:
        CHAIN.of_bsn(wrong, "data.pupil")
    assert caught.value.field == "data.pupil"
    assert wrong not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("number", ["", "0", "000000000", "1234567", "1112223330", "1112223x3", "١١١٢٢٢٣٣٣x", "jansen"])
def test_what_is_no_bsn_is_refused(number: str) -> None:
    with pytest.raises(Rejected, match="eleven-test"):
        CHAIN.of_bsn(number)


@given(locals_, issuers, locals_, issuers, bsns)
def test_local_numbers_meet_nobody_else(one: str, here: str, other: str, there: str, citizen: str) -> None:
    same = (bare(one), here) == (bare(other), there)
    assert (CHAIN.of_local(one, here) == CHAIN.of_local(other, there)) == same
    assert CHAIN.of_local(one, here) != CHAIN.of_bsn(citizen)


def test_zeros_that_a_spreadsheet_loses_do_not_count() -> None:
    assert CHAIN.of_local("00123", "06KR00") == CHAIN.of_local("123", "06KR00")
    assert CHAIN.of_household("00123", "GM0014") == CHAIN.of_household("123", "gm0014")
    assert CHAIN.of_local("00A", "06KR00") != CHAIN.of_local("A", "06KR00")


@pytest.mark.parametrize(
    ("number", "issuer", "field"),
    [("12", "", "issuer"), ("12", "06KR-0", "issuer"), ("", "06KR00", "number"), ("x" * 41, "06KR00", "number")],
)
def test_a_local_number_says_whose_it_is(number: str, issuer: str, field: str) -> None:
    with pytest.raises(Rejected) as caught:
        CHAIN.of_local(number, issuer)
    assert caught.value.field == field


@given(bsns, issuers)
def test_a_bsn_given_as_a_local_number_is_noticed(number: str, issuer: str) -> None:
    with pytest.raises(Rejected, match="eleven-test") as caught:
        CHAIN.of_local(number, issuer)
    assert number not in str(caught.value)


def test_a_key_is_made_once_kept_privately_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "chain.json"
    made = new_pseudonym_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held = json.loads(path.read_text())
    assert held["id"] == made.key_id
    assert held["key"] not in repr(made)
    assert Pseudonyms.from_file(path).of_bsn("111222333") == made.of_bsn("111222333")
    with pytest.raises(PseudonymKeyError, match="never overwritten"):
        new_pseudonym_key(path)
    assert json.loads(path.read_text()) == held


def test_a_key_that_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    with pytest.raises(PseudonymKeyError, match="cannot be read"):
        Pseudonyms.from_file(path)
    new_pseudonym_key(path)
    path.chmod(0o640)
    with pytest.raises(PseudonymKeyError, match="mode 600"):
        Pseudonyms.from_file(path)
    path.chmod(0o600)
    held = json.loads(path.read_text())
    damages: list[object] = [held | {"id": "another1"}, held | {"algorithm": "MD5"}, held | {"key": "c2hvcnQ="}, {}, []]
    for damaged in damages:
        path.write_text(json.dumps(damaged))
        with pytest.raises(PseudonymKeyError):
            Pseudonyms.from_file(path)
    path.write_text("{")
    with pytest.raises(PseudonymKeyError):
        Pseudonyms.from_file(path)


def test_a_short_key_is_no_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(b"secret")


def test_the_command_makes_a_key_and_names_it(tmp_path: Path) -> None:
    from services.cli import pseudonym
    from services.system.errors import SystemUnavailable

    app = typer.Typer()
    pseudonym.register(app)
    app.command("other")(lambda: None)
    run = CliRunner()
    here = ["--data-dir", str(tmp_path)]
    made = run.invoke(app, ["pseudonym", "new-key", *here])
    held = json.loads((tmp_path / "pseudonym-key.json").read_text())
    assert made.output == f"{held['id']}\n"
    assert held["key"] not in made.output
    assert run.invoke(app, ["pseudonym", "key-id", *here]).output == made.output
    again = run.invoke(app, ["pseudonym", "new-key", *here])
    assert isinstance(again.exception, SystemUnavailable)
    missing = run.invoke(app, ["pseudonym", "key-id", str(tmp_path / "none")])
    assert isinstance(missing.exception, SystemUnavailable)
