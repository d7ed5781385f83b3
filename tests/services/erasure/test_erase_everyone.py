"""The crisis is over: everyone is erased and the chain's key destroyed. Every table stays; no number leads anywhere."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import httpx
import pytest

from events import PseudonymKeyError, Pseudonyms
from tests.services.desks.pages.conftest import ANOTHER_BSN, BSN, hidden
from tests.services.erasure.test_erase import (
    ALONE,
    CHILD,
    HOME,
    REPORT,
    SIBLING,
    SOURCE,
    STRANGER,
    everything_in,
)
from tests.services.erasure.test_erase_system import ended, erase, give, known, running
from tests.support.inside import run_inside
from tests.support.reports import report
from tests.support.whole import fetch, until

SCHOOL = "06KR00"
WORDS = "dubbel: Jan de V. telde mee"
NUMBERS = {CHILD: "4711", SIBLING: "4712", STRANGER: "A-17"}
BY_HAND = {"bsn": BSN, "occurred_at": "2020-03-30T09:00", "school": SCHOOL, "sector": "po", "municipality": "GM0014"}


def named(chain: Pseudonyms, event: dict[str, Any]) -> dict[str, Any]:
    """The event as the school's own program makes it: of its numbers come pseudonyms."""
    data = dict(event["data"])
    if "pupil" in data:
        data["pupil"] = chain.of_local(NUMBERS[data["pupil"]], SCHOOL)
    if data.get("household") is not None:
        data["household"] = chain.of_household({HOME: "1", ALONE: "2"}[data["household"]], "GM0014")
    # What that program's makers wrote of a pupil elsewhere is dropped.
    return {name: value for name, value in event.items() if name not in ("subject", "extra")} | {"data": data}


def by_page(desk: str, **fields: str) -> str:
    """Report by hand, and give what the form said."""
    with httpx.Client(base_url=desk, timeout=60) as client:
        page = client.get("report/contact-lost").raise_for_status().text
        client.post("report/contact-lost", data=hidden(page) | BY_HAND | fields)
        return page


def left(place: Path, names: set[str], secret: bytes) -> list[str]:
    found = everything_in(place)
    return [*(name for name in sorted(names) if name.encode() in found), *["the key"][: secret in found]]


@pytest.mark.timeout(600)
def test_everyone_is_erased_and_the_key_destroyed(tmp_path: Path) -> None:
    place = tmp_path / "system"
    key = place / "pseudonym-key.json"
    made = run_inside("pseudonym", "new-key", data_dir=place)
    assert made.returncode == 0, made.stderr
    id = made.stdout.decode().strip()
    written = json.loads(key.read_text())["key"]
    chain = Pseudonyms.from_file(key)
    history = [named(chain, event) for event in ended()]
    pupils = {chain.of_local(number, SCHOOL) for number in NUMBERS.values()} | {chain.of_bsn(BSN)}
    pupils.add(chain.of_local("88", SCHOOL))
    households = {chain.of_household(number, "GM0014") for number in "12"}
    sent = report(f"{REPORT}-desk", source=SOURCE, pupil=chain.of_local("88", SCHOOL))
    week = report("week-1", "week-reported", source=SOURCE, toelichting=WORDS)
    of = {"source": SOURCE, "id": "week-1"}
    withdrawn = report("week-1-terug", "report-retracted", source=SOURCE, retracts=of, reason=WORDS)
    with running(place) as (system, desk):
        file = tmp_path / "history.ndjson"
        file.write_text("".join(json.dumps(each) + "\n" for each in history))
        assert system.run("import", file).returncode == 0
        file.unlink()
        assert [each["fate"] for each in give(desk, sent, week, withdrawn)] == ["accepted"] * 3
        by_page(desk)
        until(lambda: fetch(f"{desk}health")["backlog"] == 0)
        assert system.run("archive", "build").returncode == 0
        before = known(system)
        reported = [json.loads(line) for line in system.run("export").stdout.splitlines()]
    assert {each["data"]["pupil"] for each in reported if "pupil" in each["data"]} == pupils
    ids = {each["id"] for each in reported if len(each["id"]) >= 16}
    names = pupils | households | ids | {WORDS}
    secret = written.encode()
    assert left(place, names, secret) == [*sorted(names), "the key"]

    proof = tmp_path / "proof.json"
    done = erase(place, "--everyone", "--yes", "--proof", str(proof), whom=None)
    assert done.returncode == 0, done.stderr
    proved = json.loads(proof.read_text())
    assert (proved["holds"], proved["files_left"], proved["files_unread"], proved["names_left"]) == (True, [], [], 0)
    assert left(place, names, secret) == ["the key"]  # with that alone a number still leads to an old pseudonym
    assert run_inside("pseudonym", "key-id", data_dir=place).stdout.decode().strip() == id
    destroyed = run_inside("pseudonym", "destroy-key", id, data_dir=place)
    assert destroyed.returncode == 0, destroyed.stderr
    assert left(place, names, secret) == []
    assert urlsafe_b64decode(secret) not in everything_in(tmp_path)
    assert left(tmp_path, names, secret) == []  # nor in the logs and the proof

    # Of a number no pseudonym can be made any more, by a command, a program or the page.
    for words in (("key-id",), ("destroy-key", id)):
        asked = run_inside("pseudonym", *words, data_dir=place)
        assert (asked.returncode, asked.stderr) == (
            3,
            b"kindinbeeld: the key file cannot be read: No such file or directory\n",
        )
    with pytest.raises(PseudonymKeyError, match="cannot be read"):
        Pseudonyms.from_file(key)
    with running(place) as (system, desk):
        assert known(system) == before
        assert system.run("audit").returncode == 0
        assert "de sleutel voor pseudoniemen is niet ingesteld" in by_page(desk, bsn=ANOTHER_BSN)
        after = [json.loads(line) for line in system.run("export").stdout.splitlines()]
        assert len(after) == len(reported)
        # What is about nobody kept its id, and the desk what it accepted of that.
        kept = [json.dumps(each).encode() for each in after if each["id"].startswith("week-1")]
        assert [each["fate"] for each in give(desk, *kept)] == ["known", "known"]
        assert system.run("archive", "build").returncode == 0
        assert left(place, names, secret) == []
        assert [each["fate"] for each in give(desk, week)] == ["conflict"]
    # A new key makes other pseudonyms of the same numbers: nothing of before is met again.
    assert run_inside("pseudonym", "new-key", data_dir=place).returncode == 0
    assert Pseudonyms.from_file(key).of_bsn(BSN) not in names
