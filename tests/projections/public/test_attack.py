"""From everything that was ever published, nobody can rule out any value that `<5` may stand for.

The same attacker, with the same relations, breaks views that are less careful: so these tests can fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import day_start, local_day, parse_event
from projections.live.message import Message, Taken
from projections.public import take_snapshot
from projections.public.snapshot import ALL_SECTORS
from projections.register.areas import province_of
from services.simulate import simulate
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.evaluation.oracle import Said, midnight
from tests.projections.public.attacker import SMALL, Attacker, Guess
from tests.projections.public.inventing import invented
from tests.projections.public.watching import Instant, Key, Watched, read, watch
from tests.support.examples import examples
from tests.support.live import fed_view, messages_of

SEEDS = st.integers(0, 2**32)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
SOURCE = "urn:nld:oin:00000099000000001000:systeem:test"


def said_as(said: Sequence[Said]) -> list[Message]:
    return messages_of(line(event).encode() for event in said)


def day_starts(said: Sequence[Said]) -> list[int]:
    """The beginnings of the days on which something was recorded, of those before and after, and of some others."""
    days = {local_day(event.recorded) + more for event in said for more in (0, 1)}
    days |= {local_day(event.occurred) + 1 for event in said}
    return [day_start(day) + 2 * SECOND for day in sorted(days)]


@examples(8)
@given(SEEDS)
def test_no_value_can_be_ruled_out_in_a_small_history(seed: int) -> None:
    said = random_history(seed, [*COUNTED, *COVERED], ties=False)
    instants = watch(said_as(said), day_starts(said)).instants
    assert Attacker(instants).ruled_out() == []


@examples(8)
@given(SEEDS)
def test_every_choice_of_values_is_a_history_that_looks_the_same(seed: int) -> None:
    """Not only does the solver find nothing: of each choice there is a history that gives the very same bytes."""
    random = Random(seed)
    said = random_history(seed, [*COUNTED, *COVERED], ties=False)
    moments = day_starts(said)
    watched = watch(said_as(said), moments)
    numbers = [
        {key: random.randint(low, high) for key, (low, high) in instant.cells.items()} for instant in watched.instants
    ]
    again = watch(said_as(invented(said, watched, numbers)), moments)
    assert again.files == watched.files


# The country


@cache
def the_country() -> Watched:
    """A week of the first closure in the whole country, with what came late in it, and some of it withdrawn."""
    first, days = date(2020, 4, 4), 5
    end = midnight(first + timedelta(days=days))
    lines = [line for recorded, line in simulate(5, "first", 0.1, 0.1) if recorded <= end]
    lines += list(withdrawn(lines, midnight(first), end))
    return watch(messages_of(lines), [midnight(first + timedelta(days=day)) + 3 * SECOND for day in range(days)])


def withdrawn(lines: Sequence[bytes], first: int, end: int) -> Iterator[bytes]:
    """Withdraw some of what was reported before these days, at moments in them."""
    random = Random(4)
    reports = [event for event in map(parse_event, lines) if event.kind == "contact-lost"]
    for number, event in enumerate(random.sample(reports, 60)):
        at = random.randint(first, end)
        target = {"source": event.source, "id": event.id}
        yield line(Said(SOURCE, f"withdrawn-{number}", "report-retracted", at, at, target)).encode()


def test_no_value_can_be_ruled_out_in_the_country() -> None:
    instants = the_country().instants
    assert len(instants) == 5
    small = [shown for instant in instants for shown in instant.cells.values() if shown == SMALL]
    assert len(small) > 1_000
    changes = {(a.cells[key], b.cells[key]) for a, b in pairwise(instants) for key in a.cells.keys() & b.cells.keys()}
    assert {((0, 0), SMALL), (SMALL, (0, 0)), (SMALL, (5, 5)), ((5, 5), SMALL)} <= changes
    assert Attacker(instants).ruled_out() == []


def test_nor_by_who_believes_that_one_pupil_changes_at_a_time() -> None:
    """A day apart, that is simply not so: each two tables refute it, and nothing follows from it."""
    for before, now in pairwise(the_country().instants):
        assert not Attacker([before, now], change=1, together=1).consistent()


# Views that are less careful, broken by the same attacker


def five_pupils() -> list[Said]:
    """Five pupils in one municipality, and three in another, lost a minute after each other on a Tuesday."""
    nine = midnight(date(2020, 3, 17)) + 9 * 60 * MINUTE
    closed = {"closure": "one", "sectors": ["po"], "from": date(2020, 3, 16), "until": None, "municipalities": None}
    said = [Said(SOURCE, "closure", "closure-announced", nine - 2 * DAY, nine - 2 * DAY, closed)]
    for number, place in enumerate(["GM0014"] * 5 + ["GM0363"] * 3):
        data = {"pupil": f"pupil--{number}", "school": "06KR00", "sector": "po", "municipality": place}
        at = nine + number * MINUTE
        said.append(Said(SOURCE, f"lost-{number}", "contact-lost", at, at, data))
    return said


def live(said: Sequence[Said], moments: Sequence[int]) -> list[Instant]:
    """What a page would have shown that hides small numbers, but shows each change as it comes."""
    instants: list[Instant] = []
    messages = said_as(sorted(said, key=lambda each: each.recorded))
    with fed_view() as fed:
        for moment in moments:
            fed.feed([m for m in messages if isinstance(m, Taken) and m.recorded <= moment], [100])
            snapshot = take_snapshot(fed.reader, moment)
            assert snapshot is not None
            cells = {(row.area, row.sector, row.week): tuple(row.unreached) for row in snapshot.rows()}
            instants.append(Instant(cells))  # type: ignore[arg-type]
    return instants


def test_a_live_view_would_be_broken_by_who_sees_each_step() -> None:
    said = five_pupils()
    lost = [event.recorded for event in said if event.kind == "contact-lost"]
    instants = live(said, [min(lost) - SECOND, *(at + SECOND for at in lost)])
    ruled_out = Attacker(instants, change=1, together=1).ruled_out()
    cell: Key = ("GM0014", "po", "2020-W12")
    assert {guess.value for guess in ruled_out if guess.cell == cell and guess.instant == 4} == {1, 2, 3}
    assert {guess.value for guess in ruled_out if guess.cell == cell and guess.instant == 1} == {2, 3, 4}


def test_the_same_history_published_by_day_is_not() -> None:
    said = five_pupils()
    starts = [midnight(date(2020, 3, day)) for day in (17, 18, 19)]
    instants = watch(said_as(said), starts).instants
    assert instants[1].cells["GM0014", "po", "2020-W12"] == (5, 5)
    assert instants[1].cells["GM0363", "po", "2020-W12"] == SMALL
    assert not Attacker(instants, change=1, together=1).consistent()
    assert Attacker(instants).ruled_out() == []


def test_exact_totals_would_be_broken() -> None:
    """Small numbers are hidden, but the sums are those of the exact numbers: of the country, and by sector."""
    said = five_pupils()
    moment = midnight(date(2020, 3, 18))
    [instant] = live(said, [moment])
    leaky = Instant(instant.cells, {("NL", "po", "2020-W12"): (8, 8), ("NL", ALL_SECTORS, "2020-W12"): (8, 8)})
    cell: Key = ("GM0363", "po", "2020-W12")
    assert Attacker([leaky]).ruled_out() == [Guess(0, cell, value) for value in (1, 2, 4)]


def test_exact_totals_would_be_broken_in_the_country() -> None:
    """As a sum by province that is exact, beside cells that are hidden."""
    [*_, instant] = the_country().instants
    random = np.random.default_rng(1)
    true = {key: shown[0] if shown != SMALL else int(random.integers(1, 5)) for key, shown in instant.cells.items()}
    areas = {key: (0, 0) for key in instant.areas if key[0].startswith("PV") and key[1] != ALL_SECTORS}
    for (place, sector, week), number in true.items():
        if (province := province_of(place)) is not None:
            total = areas[province.code, sector, week][0] + number
            areas[province.code, sector, week] = (total, total)
    assert len(Attacker([Instant(instant.cells, areas)]).ruled_out()) > 50


# What remains, as docs/public.md says


def test_what_remains_for_who_knows_that_hardly_anything_happened() -> None:
    """Who knows from elsewhere that one pupil at most changed in a whole day can tell the first from none."""
    said = five_pupils()[:2]
    starts = [midnight(date(2020, 3, day)) for day in (17, 18)]
    instants = watch(said_as(said), starts).instants
    ruled_out = Attacker(instants, change=1).ruled_out()
    assert {guess.value for guess in ruled_out} == {2, 3, 4}
    assert Attacker(instants, change=4).ruled_out() == []


@pytest.mark.parametrize("day", [0, 1])
def test_no_exact_number_is_in_what_was_served(day: int) -> None:
    files = list(the_country().files.values())[day]
    shown = read(files)
    assert b"<5" in files["unreached.csv"]
    assert {low for low, high in shown.cells.values() if low == high} & {1, 2, 3, 4} == set()
    for low, high in shown.areas.values():
        assert low == high or high - low >= 3
