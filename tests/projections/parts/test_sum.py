"""The sum of the parts is the table of one view: whatever the division, the order, the copies and the retractions."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import PARTS, part_of
from projections.live.database import ViewAwayError
from projections.parts import REST
from projections.parts.gate import Gate
from tests.projections.evaluation.histories import COUNTED, COVERED, line
from tests.projections.evaluation.oracle import Oracle, Said
from tests.projections.live import test_definition
from tests.projections.live.again import said, told_beside_the_tables
from tests.projections.live.test_definition import SOURCE, announced, contact, instant_of
from tests.support.examples import examples
from tests.support.live import Parts, divided, fed_view, messages_of

SEEDS = st.integers(0, 2**32)


def dividing(seed: int) -> Callable[[str], int]:
    """Some division over some of the parts; the same pupil is always in the same one."""
    parts = Random(seed).randint(1, PARTS)
    return lambda pupil: Random(f"{seed} {pupil}").randrange(parts)


@pytest.mark.parametrize(("table", "kinds"), [("counts", COUNTED), ("coverage", COVERED)])
@examples(15)
@given(SEEDS)
def test_as_the_oracle_in_any_division_and_order(table: str, kinds: list[str], seed: int) -> None:
    with divided(dividing(seed)):
        said(test_definition.test_as_the_oracle_in_any_order_any_number_of_times_and_any_pieces)(table, kinds, seed)


@examples(5)
@given(SEEDS, st.data())
def test_what_was_written_before_a_crash_is_counted_once(seed: int, data: st.DataObject) -> None:
    with divided(dividing(seed)):
        said(test_definition.test_what_was_written_before_a_crash_is_counted_once)(seed, data)


@examples(1)
@given(SEEDS)
def test_what_is_told_beside_the_tables(seed: int) -> None:
    with divided(dividing(seed)):
        said(test_definition.test_a_reader_that_follows_sees_what_a_new_one_sees)(seed)
        told_beside_the_tables(seed)


OPENED = instant_of(2020, 5, 4)


def lost(number: int, pupil: str, *, id: str | None = None, recorded: int = 10, **data: Any) -> Said:
    return Said(
        SOURCE,
        id or f"lost-{number}",
        "contact-lost",
        OPENED + recorded,
        OPENED + number,
        contact(pupil) | {"municipality": "GM0014"} | data,
    )


def retracted(id: str, *, by: str, recorded: int) -> Said:
    return Said(SOURCE, by, "report-retracted", OPENED + recorded, OPENED + recorded, {"source": SOURCE, "id": id})


def closed() -> Said:
    return announced("one", date(2020, 5, 4), date(2020, 5, 10), OPENED)


CASES = {
    "siblings in two parts, and one who is found": [
        lost(1, "pupil--1", household="household"),
        lost(2, "pupil--2", household="household"),
        lost(3, "pupil--3", household="household", municipality="GM0363"),
        lost(4, "pupil--4"),
    ],
    "one id for two pupils, the second recorded first": [
        lost(1, "pupil--1", id="same", recorded=20, household="household"),
        lost(2, "pupil--2", id="same", recorded=10, household="household"),
        lost(3, "pupil--3", household="household"),
    ],
    "one id for a pupil and a retraction of another pupil": [
        lost(1, "pupil--1", id="first"),
        retracted("first", by="same", recorded=30),
        lost(2, "pupil--2", id="same", recorded=20),
    ],
    "the retraction of what stands under an id of two": [
        lost(1, "pupil--1", id="same", recorded=20),
        lost(2, "pupil--2", id="same", recorded=10),
        retracted("same", by="retraction", recorded=40),
    ],
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_several_parts_know_of(name: str, backwards: bool) -> None:
    events = [closed(), *CASES[name]]
    k = OPENED + 3_600_000_000
    with divided(lambda pupil: int(pupil[-1]) % PARTS), fed_view() as fed:
        fed.feed(messages_of(line(event).encode() for event in (reversed(events) if backwards else events)), [1])
        assert fed.csv("counts", k) == Oracle(events, k).counts()


def test_an_id_of_a_school_and_of_a_pupil_and_what_stands_is_told() -> None:
    events = [closed(), lost(1, "pupil--1", id="closure-one", recorded=50), lost(2, "pupil--2", recorded=60)]
    k = OPENED + 3_600_000_000
    with divided(part_of), fed_view() as fed:
        fed.feed(messages_of(line(event).encode() for event in events), [3])
        assert fed.csv("counts", k) == Oracle(events, k).counts()
        assert [each.position for each in fed.reader.set_aside()] == [2]


def test_a_part_that_is_behind_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where its worker does not come, nothing is read: a table is of one position or is none."""
    with divided(part_of), fed_view() as fed:
        messages = messages_of(line(event).encode() for event in [closed(), lost(1, "pupil--1")])
        fed.feed(messages, [2])
        assert isinstance(fed.view, Parts)
        fed.view.views[REST].pass_to(3)
        fed.view.write()
        gate = Gate(fed.path)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(fed.csv, "counts", OPENED + 99)
            while gate.limit() != 3:
                assert not asked.done()
                time.sleep(0.001)
            with gate.passing() as limit:
                assert limit == 3
            for view in fed.view.views:
                view.pass_to(3)
            fed.view.write()
            assert asked.result(30).count("GM0014") == 1
        assert gate.limit() is None
        fed.view.views[REST].pass_to(4)
        fed.view.write()
        monkeypatch.setattr("projections.parts.gate._PATIENCE", 0.1)
        with pytest.raises(ViewAwayError, match="does not move on"):
            fed.csv("counts", OPENED)


def test_a_reader_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom projections.parts.gate import Gate\n"
        "with Gate(Path(sys.argv[1])).level(lambda: [7, 7]): os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    gate = Gate(tmp_path)
    assert gate.limit() == 7
    gate.open_for_lost()
    assert gate.limit() is None


def test_the_part_of_a_pupil_never_changes() -> None:
    """Else whatever is in a part already would be folded in another one too."""
    assert [part_of(f"pupil--{number}") for number in range(8)] == [3, 5, 7, 1, 2, 4, 6, 0]
