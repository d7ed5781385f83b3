"""`kindinbeeld erase` and `pseudonym destroy-key`, from outside: every table stays, no byte of a name does."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from projections.evaluation import replaying_file
from services.erasure.naming import Names
from services.erasure.proving import prove
from tests.support.inside import run_inside
from tests.support.systems import COMMAND

SOURCE = "urn:nld:oin:00000001234567890000:systeem:leerling"
OTHER = "urn:nld:oin:00000009876543210000:systeem:wij"
CHILD, SIBLING, STRANGER = "kind-dat-weg-moet-0001", "broertje-dat-blijft-01", "iemand-anders-heel-01"
HOME, ALONE = "gezin-van-deze-twee-1", "gezin-van-een-alleen1"
REPORT = "leerling-4711-melding"


def event(id: str, kind: str, recorded: str, source: str = SOURCE, **data: Any) -> dict[str, Any]:
    happened = data.pop("at", recorded)
    return {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": f"nl.kinderen-in-beeld.v1.{kind}",
        "recordedtime": recorded,
        "data": {"occurredAt": happened, **data},
    }


def day(number: int, hour: int = 9) -> str:
    return f"2020-{3 + (number - 1) // 31:02}-{(number - 1) % 31 + 1:02}T{hour:02}:00:00.123456+00:00"


def lost(id: str, recorded: str, pupil: str, household: str | None, **more: Any) -> dict[str, Any]:
    where = {"school": "06KR00", "sector": "po", "municipality": "GM0014"} | more
    return event(id, "contact-lost", recorded, pupil=pupil, household=household, **where)


def history() -> list[dict[str, Any]]:
    closure: dict[str, Any] = {"closure": "first", "sectors": ["po"], "from": "2020-03-16", "until": None}
    school: dict[str, Any] = {"school": "06KR00", "municipality": "GM0014", "from": "2019-08-01"}
    same = day(20, 8)
    first = lost(f"{REPORT}-1", day(18), CHILD, HOME) | {"subject": CHILD, "extra": f"van {CHILD}"}
    return [
        event("c1", "closure-announced", day(15), **closure),
        event("r1", "school-registered", day(15), sector="po", **school),
        first,
        lost("s1", day(19), SIBLING, HOME),
        # At one moment two statements: the id decides where the pupil lives.
        event(f"{REPORT}-a", "residence-established", day(20), at=same, pupil=CHILD, municipality="GM0363"),
        event(f"{REPORT}-b", "residence-established", day(21), at=same, pupil=CHILD, municipality="GM0599"),
        lost("x1", day(21), STRANGER, ALONE),
        event(f"{REPORT}-back", "report-retracted", day(25), retracts={"source": SOURCE, "id": f"{REPORT}-b"}),
        event(f"{REPORT}-v", "door-visit", day(26), OTHER, pupil=CHILD, sector="po", outcome="contact", visitor="wij"),
        event(f"{REPORT}-r", "contact-restored", day(28), OTHER, pupil=CHILD, via="door-visit"),
        event("x2", "contact-restored", day(50), pupil=STRANGER, via="phone"),
    ]


def written(path: Path, events: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    return path


def tables(path: Path) -> list[Any]:
    from events.times import parse_instant

    at = [parse_instant(each["recordedtime"]) for each in history()]
    with replaying_file(path) as (replay, read):
        assert read.rejected == 0
        return [replay.table("counts", k, False).to_pylist() for k in sorted(set(at))]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The tables of the history as it is before anybody is erased."""
    found = tables(written(tmp_path_factory.mktemp("before") / "ledger.ndjson", history()))
    assert any(found)
    return found


def erase(*arguments: str | Path, whom: str | None = None) -> subprocess.CompletedProcess[str]:
    data_dir = Path(arguments[0]).parent
    done = run_inside("erase", *arguments, data_dir=data_dir, input=whom.encode() if whom else None)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def everything_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_one_pupil_is_gone_and_every_table_stays(tmp_path: Path, before: list[Any]) -> None:
    file = written(tmp_path / "ledger.ndjson", history())
    bytes_before = file.read_bytes()
    told = erase(file, "--pupils", "-", whom=CHILD)
    assert (told.returncode, file.read_bytes()) == (0, bytes_before), told.stderr
    done = erase(file, "--pupils", "-", "--yes", "--proof", tmp_path / "proof.json", whom=CHILD)
    assert done.returncode == 0, done.stderr
    assert tables(file) == before
    found = everything_in(tmp_path) + (done.stdout + done.stderr).encode()
    assert [name for name in (CHILD, REPORT) if name.encode() in found] == []
    assert HOME.encode() in found  # the sibling names it: shared, and said to be
    proof = json.loads((tmp_path / "proof.json").read_text())
    assert (proof["holds"], proof["households_shared"], proof["events_rewritten"]) == (True, 1, 6)
    now = file.read_bytes().splitlines()
    kept = [line for line in bytes_before.splitlines() if CHILD.encode() not in line and REPORT.encode() not in line]
    assert [line for line in now if line in kept] == kept
    again = erase(file, "--pupils", "-", "--yes", whom=CHILD)
    assert (again.returncode, file.read_bytes().splitlines()) == (0, now)


def later(announced: dict[str, Any]) -> dict[str, Any]:
    return announced | {"data": announced["data"] | {"from": "2020-03-17"}}


@pytest.mark.parametrize("change", [lambda lines: [later(lines[0]), *lines[1:]], lambda lines: [lines[0], *lines[2:]]])
def test_the_proof_is_about_closures_and_schools_too(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> None:
    schools = history()[:2]  # no count tells one from the other: nobody is lost
    was, same, other = (
        written(tmp_path / name, lines)
        for name, lines in (("was", schools), ("same", schools), ("other", change(schools)))
    )
    names = Names(first=day(15), last=day(25))
    assert [prove(was, each, names, 0).holds for each in (same, other)] == [True, False]


@pytest.mark.parametrize(("more", "left"), [({}, 0), ({"subject": f"zie {CHILD}"}, 1), ({"nog": HOME}, 1)])
def test_the_proof_is_about_every_byte_of_the_new_file(tmp_path: Path, more: dict[str, str], left: int) -> None:
    was, now = (written(tmp_path / name, [history()[0] | each]) for name, each in (("was", {}), ("now", more)))
    names = Names(pupils={CHILD: "fris"}, households={HOME: "ook-fris"}, first=day(15), last=day(25))
    proof = prove(was, now, names, 0)
    assert (proof.names_left, proof.holds) == (left, not left)


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_everyone_is_gone_from_a_compressed_file(tmp_path: Path, before: list[Any], packed: str) -> None:
    file = written(tmp_path / "ledger", history())
    pack = gzip.compress if packed == "gzip" else zstandard.ZstdCompressor().compress
    file.write_bytes(pack(file.read_bytes()))
    done = erase(file, "--everyone", "--yes")
    assert done.returncode == 0, done.stderr
    assert tables(file) == before
    raw = file.read_bytes()
    text = gzip.decompress(raw) if packed == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    names = (CHILD, SIBLING, STRANGER, HOME, ALONE, REPORT, '"s1"', '"x1"', '"x2"')
    assert [name for name in names if name.encode() in text] == []
    assert b'"c1"' in text  # a closure leads to nobody


def test_killed_anywhere_it_is_done_by_the_next_call(tmp_path: Path, before: list[Any]) -> None:
    file = written(tmp_path / "ledger.ndjson", history())
    for _ in range(3):
        command = [str(COMMAND), "erase", str(file), "--everyone", "--yes"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.3, 2.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(file.read_bytes().splitlines()) == len(history())
    assert erase(file, "--everyone", "--yes").returncode == 0
    assert tables(file) == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert CHILD.encode() not in everything_in(tmp_path)


def test_what_was_left_half_way_is_destroyed(tmp_path: Path) -> None:
    file = written(tmp_path / "ledger.ndjson", history()[:4])  # few events: each is proved by many tables
    os.link(file, tmp_path / ".ledger.ndjson.erased")
    written(tmp_path / ".ledger.ndjson.erasing", history()[:3])
    assert erase(file, "--pupils", "-", "--yes", whom=CHILD).returncode == 0
    written(tmp_path / ".ledger.ndjson.erased", history())
    assert erase(file, "--pupils", "-", "--yes", whom=CHILD).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert CHILD.encode() not in everything_in(tmp_path)


def test_a_name_in_what_another_wrote_stops_it(tmp_path: Path) -> None:
    other = lost("y1", day(29), "nog-iemand-anders-01", None) | {"subject": f"zie {CHILD}"}
    file = written(tmp_path / "ledger.ndjson", [*history(), other])
    before = file.read_bytes()
    done = erase(file, "--pupils", "-", "--yes", whom=CHILD)
    assert (done.returncode, file.read_bytes()) == (1, before)
    assert "line 12" in done.stderr
    assert CHILD not in done.stderr


def test_a_list_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "ledger.ndjson", history()[:4])
    whom = tmp_path / "whom"
    whom.write_text(CHILD)
    whom.chmod(0o644)
    assert erase(file, "--pupils", whom, "--yes").returncode == 2
    whom.chmod(0o600)
    assert erase(file, "--pupils", whom, "--yes").returncode == 0


def test_a_key_is_destroyed_by_its_id(tmp_path: Path) -> None:
    def key(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return run_inside("pseudonym", *arguments, data_dir=tmp_path)

    file = str(tmp_path / "key.json")
    id = key("new-key", file).stdout.decode().strip()
    os.link(file, tmp_path / "same-bytes")
    secret = json.loads((tmp_path / "same-bytes").read_text())
    assert key("destroy-key", "00000000", file).returncode == 2
    assert key("key-id", file).stdout.decode().strip() == id
    assert key("destroy-key", id, file).returncode == 0
    assert not Path(file).exists()
    assert set((tmp_path / "same-bytes").read_bytes()) == {0}
    assert secret
    assert key("key-id", file).returncode == 3


def test_a_closure_and_an_answer_that_were_retracted_stay_so(tmp_path: Path) -> None:
    def back(id: str, of: str, recorded: str) -> dict[str, Any]:
        return event(id, "report-retracted", recorded, retracts={"source": SOURCE, "id": of})

    week: dict[str, Any] = {"at": day(41), "school": "06KR00", "sector": "po", "week": "2020-W14", "unreached": 3}
    more = [
        event("w1", "week-reported", day(41), **week),
        back("antwoord-terug", "w1", day(42)),
        back("sluiting-terug", "c1", day(43)),
        back("sluiting-toch-niet-terug", "sluiting-terug", day(44)),
        back("melding-terug", "x2", day(45)),
        back("van-wat-er-niet-is", "melding-van-elders-0001", day(46)),
    ]
    file = written(tmp_path / "ledger.ndjson", [*history(), *more])
    before = tables(file)
    done = erase(file, "--everyone", "--yes")
    assert done.returncode == 0, done.stderr
    assert tables(file) == before
    now = file.read_bytes().splitlines()
    assert now[-6:-2] == [json.dumps(each).encode() for each in more[:4]]
    for name in ("melding-terug", "van-wat-er-niet-is", "melding-van-elders-0001", CHILD, REPORT):
        assert name.encode() not in file.read_bytes()


def test_of_everyone_no_free_text_stays_of_what_is_about_nobody(tmp_path: Path) -> None:
    week: dict[str, Any] = {"at": day(41), "school": "06KR00", "sector": "po", "week": "2020-W14", "unreached": 3}
    of = {"source": SOURCE, "id": "w1", "van": "Jan de V."}
    answer = event("w1", "week-reported", day(41), **week, toelichting="Jan de V. niet")
    more = [
        answer | {"time": day(41), "subject": "Jan de V."},
        event("terug", "report-retracted", day(42), retracts=of, reason="dubbel: Jan de V. telde mee"),
    ]
    file = written(tmp_path / "ledger.ndjson", [*history(), *more])
    before = tables(file)
    one = erase(file, "--pupils", "-", "--yes", whom=CHILD)  # of one pupil only what is about that pupil changes
    assert (one.returncode, file.read_bytes().count(b"Jan de V.")) == (0, 4), one.stderr
    done = erase(file, "--everyone", "--yes")
    assert done.returncode == 0, done.stderr
    assert tables(file) == before
    left = [json.loads(line) for line in file.read_bytes().splitlines()[-2:]]
    assert left == [
        event("w1", "week-reported", day(41), **week),
        event("terug", "report-retracted", day(42), retracts={"source": SOURCE, "id": "w1"}),
    ]
