"""With thousands of names each is looked for as one is: in every file, in what others wrote, in what a desk keeps."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.services.erasure.test_erase import day, erase, event, history, lost, written
from tests.services.erasure.test_erase_system import SETTINGS, ended
from tests.support.inside import run_inside
from tests.support.whole import whole

MANY = 700


def pupil(number: int) -> str:
    return f"leerling-{number * 7919:08}"


def many() -> list[dict[str, Any]]:
    """Reports of more than a thousand names: pupils, households, ids of any length."""
    return [lost(f"schoolsysteem-melding-{n}", day(40), pupil(n), f"gezin-{n * 31:010}") for n in range(MANY)]


def answer(id: str, **more: Any) -> dict[str, Any]:
    week: dict[str, Any] = {"at": day(41), "school": "06KR00", "sector": "po", "week": "2020-W14", "unreached": 3}
    return event(id, "week-reported", day(41), **week) | more


def test_what_was_left_in_a_system_is_found(tmp_path: Path) -> None:
    place = tmp_path / "system"
    with whole(place, "up", "--port", "0", "--no-desks", settings=SETTINGS) as system:
        lines = [json.dumps(each).encode() for each in [*ended(), *many()]]
        system.bring_in(lines, tmp_path / "history.ndjson")
        assert system.stop() == 0
    (tmp_path / "history.ndjson").unlink()
    (place / "notes.txt.gz").write_bytes(gzip.compress(f"gebeld over {pupil(MANY - 1)}".encode()))
    (place / "other.zip").write_bytes(b"PK\x03\x04 and nothing else")
    done = run_inside("erase", "--everyone", "--yes", data_dir=place)
    assert done.returncode == 1, done.stderr
    assert b"an old name still stands in notes.txt.gz" in done.stderr
    proved = json.loads(done.stdout)
    assert (proved["files_left"], proved["files_unread"]) == (["notes.txt.gz"], ["other.zip"])
    assert proved["files_searched"] > 3
    (place / "notes.txt.gz").unlink()
    assert not [path for path in place.rglob("*") if path.is_file() and pupil(0).encode() in path.read_bytes()]


def test_a_name_in_what_another_wrote_stops_it(tmp_path: Path) -> None:
    where: dict[str, Any] = {"school": "06KR01", "sector": "po", "municipality": "GM0014", "from": "2019-08-01"}
    named = event("school", "school-registered", day(41), at=day(41), **where, name=f"ook {pupil(3)}")
    file = written(tmp_path / "ledger.ndjson", [*history(), *many(), named])
    before = file.read_bytes()
    done = erase(file, "--everyone", "--yes")
    assert (done.returncode, file.read_bytes()) == (1, before)
    assert f"line {len(history()) + MANY + 1}, about something else" in done.stderr
    assert pupil(3) not in done.stderr


def test_a_name_in_what_no_count_needs_goes_with_everyone(tmp_path: Path) -> None:
    file = written(tmp_path / "ledger.ndjson", [*history(), *many(), answer("antwoord", subject=f"ook {pupil(3)}")])
    done = erase(file, "--everyone", "--yes")
    assert done.returncode == 0, done.stderr
    assert b"antwoord" in file.read_bytes()
    assert pupil(3).encode() not in file.read_bytes()


def test_an_old_id_within_a_longer_one_that_stays_stops_nothing(tmp_path: Path) -> None:
    stays = [answer("schoolsysteem-melding-10-antwoord")]
    back = {"source": stays[0]["source"], "id": stays[0]["id"]}
    stays.append(event("terug", "report-retracted", day(42), retracts=back))
    file = written(tmp_path / "ledger.ndjson", [*history()[:2], *many(), *stays])
    done = erase(file, "--everyone", "--yes")
    assert done.returncode == 0, done.stderr
    proved = json.loads(done.stdout)
    assert (proved["holds"], proved["ids_indistinct"]) == (True, 2)  # ...-1 and ...-10
    # Once as the id of what stays, once where that is retracted.
    assert file.read_bytes().count(b"schoolsysteem-melding-10-antwoord") == 2
    assert file.read_bytes().count(b"schoolsysteem-melding") == 2
    # A pupil is found within whatever it is.
    file = written(tmp_path / "other.ndjson", [*history()[:2], *many(), answer(f"over-{pupil(3)}")])
    assert erase(file, "--everyone", "--yes").returncode == 1
