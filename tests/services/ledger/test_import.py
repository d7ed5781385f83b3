"""`kindinbeeld import`: what is new is stored, what is known is known, what is rejected is named and kept."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from events import REJECTED_STREAM
from services.ledger import read_rejected
from services.system import Clock, SystemRecord
from tests.support.lines import SOURCE, event, line, lines
from tests.support.systems import COMMAND, RunningLedger, run_command

BSN = "111222333"


def last(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode().splitlines()[-1]


def rejections(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return [row for row in done.stderr.decode().splitlines() if row.startswith("line ")]


def imported(ledger: RunningLedger, *each: bytes, strict: bool = False) -> subprocess.CompletedProcess[bytes]:
    return ledger.run_inside("import", "-", *(["--strict"] if strict else []), input=b"\n".join(each) + b"\n")


async def test_lines_are_stored_as_they_are(ledger: RunningLedger) -> None:
    raw = [line(1), b' {"lang" : "nl" ,' + line(2)[1:], line(3, recorded=None)]
    done = imported(ledger, *raw)
    assert (done.returncode, last(done), done.stdout) == (0, "read 3, new 3, known 0, rejected 0", b"")
    assert [each[3] for each in await ledger.stored()] == raw
    assert {each[2] for each in await ledger.stored()} == {"kib.events.import.contact-lost"}


@pytest.mark.parametrize("name", ["random", "retractions", "closures", "coverage", "fourth-week"])
async def test_a_golden_history_goes_in_once_however_often_it_is_imported(
    ledger: RunningLedger, golden: Path, name: str
) -> None:
    file = golden / f"{name}.ndjson"
    raw = file.read_bytes().splitlines()
    distinct = len({(each["source"], each["id"]) for each in map(json.loads, raw)})
    first = ledger.run_inside("import", file)
    assert first.returncode == 0
    stored = {each[3] for each in await ledger.stored()}
    assert stored <= set(raw)
    assert last(first).startswith(f"read {len(raw)}, new ")
    again = ledger.run_inside("import", file)
    assert last(again).startswith(f"read {len(raw)}, new 0, known ")
    assert {each[3] for each in await ledger.stored()} == stored
    exported = ledger.run_inside("export").stdout.splitlines()
    assert len(exported) == distinct


async def test_known_by_content_whatever_the_writing_of_it(ledger: RunningLedger) -> None:
    made = event(1)
    other = json.dumps(dict(reversed(made.items())), indent=None).replace("+00:00", "Z").encode()
    assert last(imported(ledger, line(1), other, line(1))) == "read 3, new 1, known 2, rejected 0"
    assert last(imported(ledger, other)) == "read 1, new 0, known 1, rejected 0"
    assert len(await ledger.stored()) == 1


async def test_what_others_published_is_known(ledger: RunningLedger) -> None:
    await ledger.store(line(1, recorded=None), desk="school")
    assert last(imported(ledger, line(1, recorded=None), line(2))) == "read 2, new 1, known 1, rejected 0"
    await ledger.store(line(3, recorded=None), desk="school")
    done = imported(ledger, line(3, recorded=None), line(3, recorded=None, reason="moved"))
    assert last(done) == "read 2, new 0, known 1, rejected 1"
    # An invalid message with this id is not the event.
    async with ledger.connected() as connected:
        await connected.nc.jetstream().publish("kib.events.school.contact-lost", line(4, pupil="short"))
    assert last(imported(ledger, line(4))) == "read 1, new 1, known 0, rejected 0"


async def test_another_content_under_the_same_id_is_rejected_and_kept(ledger: RunningLedger) -> None:
    other = line(1, reason="moved")
    assert last(imported(ledger, line(1))) == "read 1, new 1, known 0, rejected 0"
    done = imported(ledger, line(2), other)
    assert rejections(done) == [
        "line 2: id: is that of another event from this source, recorded no later: the first recorded stands"
    ]
    assert (done.returncode, last(done)) == (0, "read 2, new 1, known 0, rejected 1")
    assert [each[3] for each in await ledger.stored(REJECTED_STREAM)] == [other]
    assert imported(ledger, other, strict=True).returncode == 1


@pytest.mark.parametrize("apart", [True, False])
async def test_the_first_recorded_stands_whatever_arrives_first(ledger: RunningLedger, apart: bool) -> None:
    late = line(1, recorded="2020-03-20T12:00:00Z")
    early = line(1, recorded="2020-03-18T12:00:00Z")
    earliest_other = line(1, recorded="2020-03-17T12:00:00Z", reason="moved")
    if apart:
        assert last(imported(ledger, late)) == "read 1, new 1, known 0, rejected 0"
        assert last(imported(ledger, early)) == "read 1, new 0, known 1, rejected 0"
        assert ledger.run_inside("export").stdout == early + b"\n"
        assert last(imported(ledger, earliest_other)) == "read 1, new 1, known 0, rejected 0"
    else:
        assert last(imported(ledger, late, early, earliest_other)) == "read 3, new 2, known 1, rejected 0"
    assert ledger.run_inside("export").stdout == earliest_other + b"\n"
    assert last(imported(ledger, late, early)) == "read 2, new 0, known 0, rejected 2"
    assert last(imported(ledger, earliest_other)) == "read 1, new 0, known 1, rejected 0"
    assert len(await ledger.stored()) == 3


BAD = {
    "not JSON": (b"this is no JSON", "line"),
    "cut in the middle": (line(7)[:-40], "line"),
    "no object": (b'["contact-lost"]', "line"),
    "a kind that does not exist": (line(7).replace(b"contact-lost", b"contact-gone"), "type"),
    "a BSN": (line(7, pupil=BSN), "data.pupil"),
    "occurred after it was recorded": (line(7, recorded="2020-03-01T00:00:00Z"), "data.occurredAt"),
    "recorded in the future": (line(7, recorded="2120-03-01T00:00:00Z"), "recordedtime"),
    "occurred in the future": (line(7, recorded=None, occurredAt="2120-03-01T00:00:00Z"), "data.occurredAt"),
    "a time without offset": (line(7, recorded="2020-03-20T12:00:00"), "recordedtime"),
    "bytes that are no text": (b"\xff\xfe{}", "line"),
}


async def test_bad_lines_are_named_and_kept_and_the_rest_goes_on(ledger: RunningLedger) -> None:
    raw = [line(1)]
    for text, _ in BAD.values():
        raw += [text, line(len(raw) + 1)]
    done = imported(ledger, *raw)
    expected = [(2 * number, field) for number, (_, field) in enumerate(BAD.values(), 1)]
    named = [row.split(": ", 2) for row in rejections(done)]
    assert [(int(number.removeprefix("line ")), field) for number, field, _ in named] == expected
    assert (done.returncode, last(done)) == (0, f"read {len(raw)}, new {len(BAD) + 1}, known 0, rejected {len(BAD)}")
    said = done.stderr.decode()
    assert BSN not in said
    assert "pupil-" not in said
    assert "event-" not in said
    assert "Traceback" not in said
    async with ledger.connected() as connected:
        kept = [message async for batch in read_rejected(connected.nc) for message in batch]
    assert [message.content for message in kept] == [text for text, _ in BAD.values()]
    assert [(message.line, message.field) for message in kept] == expected
    assert {message.desk for message in kept} == {"import"}

    again = imported(ledger, *raw, strict=True)
    assert (again.returncode, rejections(again)) == (1, rejections(done))
    assert len(await ledger.stored(REJECTED_STREAM)) == len(BAD)


async def test_the_simulated_clock_says_what_is_in_the_future(ledger: RunningLedger) -> None:
    SystemRecord(ledger.server.address, clock=Clock.simulated(1_584_700_000_000_000, 1.0)).write(ledger.data_dir)
    done = imported(ledger, line(1), line(2, recorded="2020-03-20T10:30:00Z"), line(3, recorded="2020-03-20T11:00:00Z"))
    assert rejections(done) == ["line 3: recordedtime: is later than now by more than 5 minutes"]


@pytest.mark.parametrize("form", ["gzip", "zstd"])
async def test_compressed_files_whole_and_cut(ledger: RunningLedger, tmp_path: Path, form: str) -> None:
    import zstandard

    content = lines(range(1, 3001))
    packed = gzip.compress(content) if form == "gzip" else zstandard.compress(content)
    (tmp_path / "whole").write_bytes(packed)
    (tmp_path / "cut").write_bytes(packed[: len(packed) * 2 // 3])
    cut = ledger.run_inside("import", tmp_path / "cut")
    assert cut.returncode == 2
    *_, said, counted = cut.stderr.decode().splitlines()
    assert said.startswith(f"kindinbeeld: {tmp_path / 'cut'}: the {form} data are ")
    assert counted.startswith("read ")
    whole = ledger.run_inside("import", tmp_path / "whole")
    assert (whole.returncode, last(whole).split(",")[0]) == (0, "read 3000")
    assert len(ledger.run_inside("export").stdout.splitlines()) == 3000


def test_no_lines_at_all(ledger: RunningLedger) -> None:
    assert last(ledger.run_inside("import", "-", input=b"\n  \n")) == "read 0, new 0, known 0, rejected 0"


def one_line(done: subprocess.CompletedProcess[bytes], status: int) -> str:
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (status, b""), said
    assert said.count("\n") == 1
    return said


def test_a_missing_file_is_one_line(ledger: RunningLedger, tmp_path: Path) -> None:
    assert "there is no such file" in one_line(ledger.run_inside("import", tmp_path / "absent"), 2)


@pytest.mark.parametrize("command", [["import", "-"], ["export"], ["rejected"]])
def test_no_system_is_one_line(tmp_path: Path, command: list[str]) -> None:
    said = one_line(run_command(*command, data_dir=tmp_path), 3)
    assert said.startswith(f"kindinbeeld: no system runs on {tmp_path}; start it with")


@pytest.mark.parametrize("command", [["import", "-"], ["export"]])
def test_a_ledger_that_went_away_is_one_line(ledger: RunningLedger, command: list[str]) -> None:
    ledger.server.kill()
    said = one_line(ledger.run_inside(*command, input=line()), 3)
    assert "cannot be reached: nothing answers there" in said
    assert str(ledger.record.nats.password) not in said


@pytest.mark.parametrize("command", [["import", "-"], ["export"]])
def test_a_data_directory_without_rights_is_one_line(ledger: RunningLedger, command: list[str]) -> None:
    weak: list[str] = []
    if os.geteuid() == 0:
        if (setpriv := shutil.which("setpriv")) is None:
            pytest.skip("root has all rights and no way to do without them here")
        weak = [setpriv, "--bounding-set=-dac_override,-dac_read_search"]
    ledger.data_dir.path.chmod(0o500)
    arguments = [*weak, str(COMMAND), *command, "--data-dir", str(ledger.data_dir)]
    done = subprocess.run(arguments, input=line(), capture_output=True)
    ledger.data_dir.path.chmod(0o700)
    assert f"no rights to read and write in the data directory {ledger.data_dir}" in one_line(done, 3)


def test_a_second_import_at_the_same_time_is_one_line(ledger: RunningLedger) -> None:
    with subprocess.Popen(
        [str(COMMAND), "import", "-", "--data-dir", str(ledger.data_dir)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as first:
        assert first.stdin is not None
        lock = Path(f"{ledger.data_dir.import_index}.lock")
        while not lock.exists() or not ledger.data_dir.import_index.exists():
            assert first.poll() is None
        said = one_line(ledger.run_inside("import", "-", input=line(1)), 3)
        assert "another import is under way" in said
        _, told = first.communicate(line(1) + b"\n")
    assert told.decode().endswith("read 1, new 1, known 0, rejected 0\n")


async def test_the_index_follows_the_ledger_not_the_other_way_round(ledger: RunningLedger) -> None:
    assert last(imported(ledger, line(1), line(2), b"{")) == "read 3, new 2, known 0, rejected 1"
    async with ledger.connected() as connected:
        assert await connected.nc.jetstream().purge_stream("KIB_EVENTS")
    # What was erased from the ledger is not known any more, so that a backup can be restored.
    assert last(imported(ledger, line(1), line(2), b"{")) == "read 3, new 2, known 0, rejected 1"
    assert len(await ledger.stored(REJECTED_STREAM)) == 1
    ledger.data_dir.import_index.write_bytes(b"damaged")
    assert last(imported(ledger, line(1), line(2), b"{")) == "read 3, new 0, known 2, rejected 1"
    assert len(await ledger.stored(REJECTED_STREAM)) == 1
    assert SOURCE.encode() not in ledger.data_dir.import_index.read_bytes()
