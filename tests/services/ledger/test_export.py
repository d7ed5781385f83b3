"""`kindinbeeld export`: what stands, in the order recorded; a backup that gives the same ledger back."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import parse_event, to_micros
from services.ledger.exporting import Export
from tests.support.examples import examples
from tests.support.lines import BEGIN, line, write_lines
from tests.support.systems import COMMAND, RunningLedger, running_ledger


def last(done: subprocess.CompletedProcess[bytes]) -> str:
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize("name", ["random", "retractions", "closures", "coverage", "residence", "clock-change"])
async def test_a_golden_history_comes_out_as_it_went_in_and_backs_up(
    ledger: RunningLedger, tmp_path: Path, golden: Path, name: str
) -> None:
    ledger.run_inside("import", golden / f"{name}.ndjson")
    first = ledger.run_inside("export")
    lines = first.stdout.splitlines()
    assert set(lines) <= set((golden / f"{name}.ndjson").read_bytes().splitlines())
    recorded = [to_micros(parse_event(each).recordedtime) for each in lines]  # type: ignore[arg-type]
    assert recorded == sorted(recorded)
    with running_ledger(tmp_path / "restored") as restored:
        restored.run_inside("import", "-", input=first.stdout)
        assert restored.run_inside("export").stdout == first.stdout


async def test_a_live_ledger_backs_up(ledger: RunningLedger, tmp_path: Path) -> None:
    spread = json.dumps(json.loads(line(5, recorded=None)), indent=2).encode()
    own = line(4, recorded="2020-03-17T12:00:00Z")
    await ledger.store(line(1, recorded=None), own, spread, desk="school")
    await ledger.store(line(2), line(3, recorded=None))
    async with ledger.connected() as connected:
        await connected.nc.jetstream().publish("kib.events.school.contact-lost", b"no event")
        await connected.nc.jetstream().publish("kib.events.school.contact-lost", line(9, pupil="short"))
    first = ledger.run_inside("export")
    assert last(first) == "exported 5, copies 0, left out 2"
    stamped = {entry[0]: entry[1] for entry in await ledger.stored()}
    exported = [json.loads(each) for each in first.stdout.splitlines()]
    # Imported with its own time it was recorded long ago; the others when the ledger took them in.
    assert [each["id"] for each in exported] == [f"event-{number}" for number in (2, 1, 4, 5, 3)]
    assert [to_micros(parse_event(each).recordedtime) for each in first.stdout.splitlines()] == [  # type: ignore[arg-type]
        to_micros(parse_event(line(2)).recordedtime),  # type: ignore[arg-type]
        *(stamped[sequence] for sequence in (1, 2, 3, 5)),
    ]
    with running_ledger(tmp_path / "restored") as restored:
        assert last(restored.run_inside("import", "-", input=first.stdout)) == "read 5, new 5, known 0, rejected 0"
        assert restored.run_inside("export").stdout == first.stdout


def second(number: int) -> str:
    return BEGIN.replace(hour=12, second=number).isoformat()


async def test_of_copies_the_first_recorded_stands_and_as_of_hides_the_later(ledger: RunningLedger) -> None:
    def at(number: int, moment: int, **members: str) -> bytes:
        return line(number, recorded=second(moment), **members)

    await ledger.store(at(1, 5), at(2, 4), at(1, 3, reason="moved"), at(3, 3), at(2, 4), at(1, 9))
    export = ledger.run_inside("export")
    assert export.stdout.splitlines() == [at(1, 3, reason="moved"), at(3, 3), at(2, 4)]
    assert last(export) == "exported 3, copies 3, left out 0"
    before = ledger.run_inside("export", "--as-of", second(3))
    assert before.stdout.splitlines() == [at(1, 3, reason="moved"), at(3, 3)]
    assert last(before) == "exported 2, copies 0, left out 0"
    assert ledger.run_inside("export", "--as-of", second(2)).stdout == b""


async def test_deleted_messages_are_gone(ledger: RunningLedger) -> None:
    await ledger.store(line(1), line(2), line(3))
    async with ledger.connected() as connected:
        await connected.nc.jetstream().delete_msg("KIB_EVENTS", 2)
    assert ledger.run_inside("export").stdout.splitlines() == [line(1), line(3)]


def test_an_empty_ledger_exports_nothing(ledger: RunningLedger, tmp_path: Path) -> None:
    assert ledger.run_inside("export").stdout == b""
    ledger.run_inside("export", "--format", "parquet", "--output", tmp_path / "events.parquet")
    assert pq.read_table(tmp_path / "events.parquet").num_rows == 0


async def test_parquet_has_the_columns_and_the_text(ledger: RunningLedger, tmp_path: Path) -> None:
    await ledger.store(line(2), line(1), line(2))
    file = tmp_path / "events.parquet"
    assert last(ledger.run_inside("export", "--format", "parquet", "--output", file)).startswith("exported 2, copies 1")
    rows = pq.read_table(file).to_pylist()
    assert [row["event"].encode() for row in rows] == [line(1), line(2)]
    assert [(row["pupil"], row["position"]) for row in rows] == [("pupil-000001", 1), ("pupil-000002", 2)]


def test_a_file_is_written_whole_or_not_at_all(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.run_inside("import", "-", input=line(1))
    file = tmp_path / "events.ndjson"
    file.write_text("of yesterday")
    assert ledger.run_inside("export", "--output", file).stdout == b""
    assert file.read_bytes() == line(1) + b"\n"
    ledger.server.kill()
    assert ledger.run_inside("export", "--output", file).returncode == 3
    assert file.read_bytes() == line(1) + b"\n"
    assert {each.name for each in tmp_path.iterdir()} == {"events.ndjson", "system"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "parquet"], "--format parquet needs --output FILE"),
        (["--output", "/absent/below/events.ndjson"], "--output: the directory /absent/below does not exist"),
        (["--as-of", "yesterday"], "--as-of: must be an RFC 3339 time"),
    ],
)
def test_wrong_usage_is_one_line(ledger: RunningLedger, options: list[str], said: str) -> None:
    done = ledger.run_inside("export", *options)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert said in done.stderr.decode()


def test_nothing_stays_behind(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.run_inside("import", write_lines(tmp_path / "lines", 100))
    ledger.run_inside("export")
    assert list(ledger.data_dir.temporary.iterdir()) == []


def test_whoever_reads_may_stop_early(ledger: RunningLedger, tmp_path: Path) -> None:
    ledger.run_inside("import", write_lines(tmp_path / "lines", 3000))
    command = f"'{COMMAND}' export --data-dir '{ledger.data_dir}' | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    assert done.stdout == line(1) + b"\n"
    assert b"Traceback" not in done.stderr


class Reluctant(io.BytesIO):
    """Takes a part of what it is given, as a pipe may."""

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]
        return super().write(data[:1000])


@examples(20)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), max_size=40))
def test_any_order_and_any_copies_settle_the_same_way(messages: list[tuple[int, int]]) -> None:
    """Messages as (event, recorded) in the order of the ledger."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as directory, Export(Path(directory)) as taken:
        for sequence, (event, recorded) in enumerate(messages, 1):
            taken.add(sequence, recorded, b"%016d" % event, b"%d " % sequence * 700)
        taken.settle()
        first: dict[int, tuple[int, int]] = {}
        for sequence, (event, recorded) in enumerate(messages, 1):
            first[event] = min(first.get(event, (recorded, sequence)), (recorded, sequence))
        expected = sorted(first.values())
        assert [(at, sequence) for sequence, at, _ in taken.standing()] == expected
        assert (taken.events, taken.copies) == (len(expected), len(messages) - len(expected))
        out = Reluctant()
        taken.write(out)
        assert out.getvalue() == b"".join(b"%d " % sequence * 700 + b"\n" for _, sequence in expected)
