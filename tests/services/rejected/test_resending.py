"""`kindinbeeld rejected resend`: what was refused goes in once what was wrong has been put right, the way it came."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from events import EVENTS_STREAM, REJECTED_STREAM, parse_instant
from services.system import Clock
from tests.support.lines import line
from tests.support.reports import lost
from tests.support.systems import COMMAND, RunningLedger
from tests.support.whole import until

APRIL = parse_instant("2020-04-01T12:00:00Z")
EARLY = lost(7, occurredAt="2020-04-02T09:00:00Z")
"""Refused on the first of April: it lies in the future then."""


def rows(ledger: RunningLedger, *options: str) -> list[dict[str, Any]]:
    done = ledger.run_inside("rejected", "--format", "ndjson", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(each) for each in done.stdout.splitlines()]


def answers(done: subprocess.CompletedProcess[bytes]) -> list[list[str]]:
    """Sequence, desk and answer of each that was given once more."""
    head, *table = done.stdout.decode().splitlines()
    assert head.split() == ["sequence", "desk", "answer", "field", "rule"]
    return [each.split()[:3] for each in table]


def set_clock(ledger: RunningLedger, at: int) -> None:
    ledger.clock = Clock.simulated(at, 1.0)
    replace(ledger.record, clock=ledger.clock).write(ledger.data_dir)


class RunningDesk:
    """A desk of the ledger's system, in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.process = process
        self.url = process.stdout.readline().decode().split()[1]

    def give(self, raw: bytes) -> int:
        headers = {"Content-Type": "application/cloudevents+json"}
        return httpx.post(f"{self.url}v1/events", content=raw, headers=headers, timeout=60).status_code

    def metrics(self) -> str:
        return httpx.get(f"{self.url}metrics", timeout=60).text


@contextmanager
def running_desk(ledger: RunningLedger, name: str = "school") -> Iterator[RunningDesk]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    with (ledger.data_dir.path / "desk.log").open("ab") as log:
        process = subprocess.Popen(
            [COMMAND, "desk", name, "--port", "0", "--data-dir", ledger.data_dir.path],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield RunningDesk(process)
        finally:
            process.terminate()
            assert process.wait(60) in (0, -signal.SIGTERM)
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def school(ledger: RunningLedger) -> Iterator[RunningDesk]:
    set_clock(ledger, APRIL)
    with running_desk(ledger) as desk:
        yield desk


async def ledger_holds(ledger: RunningLedger, *expected: bytes) -> None:
    """Wait until the ledger's events are these, each once."""
    async with ledger.connected() as connected:
        js = connected.nc.jetstream()
        for _ in range(500):
            if (await js.stream_info(EVENTS_STREAM)).state.last_seq >= len(expected):
                break
            await _pause()
    assert [raw for *_, raw in await ledger.stored()] == list(expected)


async def test_as_it_was_when_the_reason_has_gone(ledger: RunningLedger, school: RunningDesk) -> None:
    assert school.give(EARLY) == 400
    until(lambda: len(rows(ledger)) == 1)
    (one,) = rows(ledger)
    still = ledger.run_inside("rejected", "resend", str(one["sequence"]))
    assert (still.returncode, answers(still)) == (1, [[str(one["sequence"]), "school", "rejected"]])
    assert b"data.occurredAt" in still.stdout
    assert len(rows(ledger)) == 1

    set_clock(ledger, APRIL + 2 * 24 * 3600 * 1_000_000)
    until(lambda: ledger.run_inside("rejected", "resend", str(one["sequence"])).returncode == 0)
    until(lambda: rows(ledger) == [])
    await ledger_holds(ledger, EARLY)
    assert 'kib_desk_made_good_total{desk="school"} 1' in school.metrics()
    (listed,) = rows(ledger, "--resolved")
    assert listed == one | {"resolved": True}
    assert "yes" in ledger.run_inside("rejected", "--resolved").stdout.decode()
    assert ledger.run_inside("rejected", "resend", str(one["sequence"])).returncode == 2  # nothing left to make good
    nothing = ledger.run_inside("rejected", "resend", "--all")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, b"", b"nothing to send\n")


async def test_corrected_through_the_desk_and_by_an_import(
    ledger: RunningLedger, school: RunningDesk, tmp_path: Path
) -> None:
    assert school.give(lost(1, sector="none")) == 400
    assert school.give(lost(2, school="nowhere")) == 400
    ledger.run_inside("import", "-", input=line(3, pupil="short") + b"\n" + line(4, sector="none"))
    until(lambda: len(rows(ledger)) == 4)
    whole = {each["field"] + each["desk"]: each for each in rows(ledger, "--content")}
    right = [
        whole["data.sectorschool"] | {"content": lost(1).decode()},  # the text, as the list has it
        whole["data.pupilimport"] | {"content": json.loads(line(3))},  # or the event itself
        whole["data.schoolschool"],  # not corrected after all
    ]
    file = tmp_path / "corrected.ndjson"
    file.write_text("".join(json.dumps(each) + "\n" for each in right))
    done = ledger.run_inside("rejected", "resend", "--file", file)
    assert done.returncode == 1
    assert {(desk, answer) for _, desk, answer in answers(done)} == {
        ("school", "accepted"),
        ("school", "rejected"),
        ("import", "accepted"),
    }
    assert done.stderr == b"accepted 2, rejected 1\n"
    for private in (b"short", b"pupil-", b"nowhere"):
        assert private not in done.stdout + done.stderr
    until(lambda: len(rows(ledger)) == 2)
    assert {each["field"] for each in rows(ledger)} == {"data.school", "data.sector"}
    stored = {raw for *_, raw in await ledger.stored()}
    assert {json.loads(raw)["id"] for raw in stored} == {"lost-1", "event-3"}
    # A refusal made good is marked, and a correction that is refused is not kept as one more.
    assert len(await ledger.stored(REJECTED_STREAM)) == 4 + 2

    again = ledger.run_inside("rejected", "resend", "--file", file)
    assert again.returncode == 2
    assert "nothing that is still to be made good lies at" in again.stderr.decode()


async def test_what_the_ledger_has_already_is_known(ledger: RunningLedger) -> None:
    ledger.run_inside("import", "-", input=line(5, sector="none") + b"\n" + line(6, sector="none") + b"\n" + line(5))
    first, second = rows(ledger)
    given = b"".join(
        json.dumps({"sequence": each["sequence"], "content": line(number).decode()}).encode() + b"\n"
        for each, number in ((first, 5), (second, 6))
    )
    done = ledger.run_inside("rejected", "resend", "--file", "-", input=given)
    assert (done.returncode, [answer for *_, answer in answers(done)]) == (0, ["known", "accepted"])
    assert rows(ledger) == []
    assert [raw for *_, raw in await ledger.stored()] == [line(5), line(6)]


def test_a_desk_that_is_away_is_said_and_the_others_go_on(ledger: RunningLedger, school: RunningDesk) -> None:
    for number in range(3):
        school.give(lost(number, sector="none"))
    ledger.run_inside("import", "-", input=line(8, sector="none"))
    until(lambda: len(rows(ledger)) == 4)
    school.process.terminate()
    school.process.wait(60)
    done = ledger.run_inside("rejected", "resend", "--all")
    assert done.returncode == 3
    assert [each[1:] for each in answers(done)] == [["school", "unavailable"]] * 3 + [["import", "rejected"]]
    assert len(rows(ledger)) == 4


def test_a_store_begun_anew_says_that_it_has_it_no_more(ledger: RunningLedger) -> None:
    with running_desk(ledger) as desk:
        desk.give(lost(1, sector="none"))
        until(lambda: len(rows(ledger)) == 1)
    for file in ledger.data_dir.desks.glob("school.sqlite*"):
        file.unlink()
    with running_desk(ledger) as desk:
        until(lambda: "ledger_reached" in desk.metrics())
        until(lambda: b"absent" in ledger.run_inside("rejected", "resend", "--desk", "school").stdout)
    assert len(rows(ledger)) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["1", "--all"], ["--all", "--file", "-"], ["1", "--file", "-"], ["--desk", "nobody"], ["7"], ["--file", "-"]],
)
def test_wrong_usage(ledger: RunningLedger, arguments: list[str]) -> None:
    given = b'{"sequence": 1, "content": 5}\n'
    done = ledger.run_inside("rejected", "resend", *arguments, input=given)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize(
    "option", [("--desk", "school"), ("--rule", "x"), ("--resolved",), ("--data-dir", "elsewhere")]
)
def test_an_option_of_the_list_does_not_stand_before_the_command(ledger: RunningLedger, option: list[str]) -> None:
    """It would never reach the command, which would then give more again than was meant, or another system's."""
    done = ledger.run_inside("rejected", *option, "resend", "--all")
    assert (done.returncode, done.stdout) == (2, b"")
    assert option[0].encode() in done.stderr


@pytest.mark.parametrize(
    "given",
    [
        b'{"sequence": 1, "content": "{}"}\n{"sequence": 1, "content": "{}"}\n',
        b'{"sequence": 1, "desk": "(ledger)", "content": "{}"}\n',
        b'{"sequence": 1}\n',
        b'{"sequence": 1, "contentBase64": "?"}\n',
        b'{"sequence": 1, "contentBase64": ""}\n',
        b'{"sequence": 1, "content": ""}\n',
        b"very-private\n",
    ],
)
def test_a_line_that_is_no_correction(ledger: RunningLedger, given: bytes) -> None:
    done = ledger.run_inside("rejected", "resend", "--file", "-", input=given)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"line " in done.stderr
    assert b"very-private" not in done.stderr


def test_a_correction_of_another_list_goes_nowhere(ledger: RunningLedger) -> None:
    ledger.run_inside("import", "-", input=line(1, sector="none"))
    given = json.dumps({"sequence": 1, "desk": "school", "content": line(1).decode()}).encode()
    assert ledger.run_inside("rejected", "resend", "--file", "-", input=given).returncode == 2
    assert len(rows(ledger)) == 1


def test_refusals_are_counted_by_field_and_rule(school: RunningDesk) -> None:
    school.give(lost(1, sector="none"))
    school.give(lost(2, sector="none"))
    school.give(lost(3) + b"very-private")
    told = school.metrics()
    assert 'kib_desk_refused_total{desk="school",field="data.sector",rule="must be one of po, so, vo, mbo"} 2' in told
    assert 'kib_desk_answers_total{desk="school",fate="rejected"} 3' in told
    assert 'field="line"' in told
    assert "private" not in told


async def _pause() -> None:
    import asyncio

    await asyncio.sleep(0.02)
