"""What a public table holds: rows by the calendar alone, each pupil in one of them, one table a day, for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from projections.public import PublicStore, Range, Snapshot, take_snapshot
from tests.projections.evaluation.histories import line
from tests.projections.evaluation.oracle import Said, midnight
from tests.projections.public.watching import published
from tests.support.live import fed_view, messages_of

SOURCE = "urn:nld:oin:00000099000000001000:systeem:test"
SECOND = 1_000_000
HOUR = 3600 * SECOND
START = midnight(date(2020, 3, 14))


def closed(first: date, until: date | None = None, at: int = START, **data: Any) -> Said:
    said = {"closure": "one", "sectors": ["po"], "from": first, "until": until, "municipalities": None}
    return Said(SOURCE, f"closed-{at}", "closure-announced", at, at, said | data)


def lost(number: int, place: str | None, at: int) -> Said:
    data = {"pupil": f"pupil--{number}", "school": "06KR00", "sector": "po", "municipality": place}
    return Said(SOURCE, f"lost-{number}", "contact-lost", at, at, data)


def table(said: Sequence[Said], at: int) -> Snapshot | None:
    with fed_view() as fed:
        fed.feed(messages_of(line(event).encode() for event in said), [100])
        return take_snapshot(fed.reader, at)


def made(said: Sequence[Said], at: int) -> Snapshot:
    snapshot = table(said, at)
    assert snapshot is not None
    return snapshot


def test_rows_follow_from_the_calendar_alone() -> None:
    calendar = [closed(date(2020, 3, 16))]
    at = midnight(date(2020, 4, 1))
    empty = made(calendar, at)
    pupils = [
        lost(n, place, START + 60 * HOUR + n) for n, place in enumerate(["GM0014"] * 7 + ["GM9999", None, "GM0363"])
    ]
    full = made([*calendar, *pupils], at)
    assert (full.places, full.weeks) == (empty.places, empty.weeks)
    assert (full.exists == empty.exists).all()
    assert full.weeks == ("2020-W12", "2020-W13", "2020-W14")
    assert full.exists[:, full.sectors.index("po")].all()
    assert not full.exists[:, full.sectors.index("vo")].any()
    assert empty.low.max() == 0
    assert full.cell("GM0014", "po", "2020-W13") == Range(7, 7)
    assert full.cell("GM0363", "po", "2020-W13") == Range(1, 4)
    assert full.cell("GM0003", "po", "2020-W13") == Range(0, 0)
    assert full.cell("unknown", "po", "2020-W13") == Range(1, 4)
    assert full.cell("GM9999", "po", "2020-W13") is None
    assert full.cell("GM0014", "vo", "2020-W13") is None


def test_a_week_is_there_from_the_day_after_its_first_closed_day() -> None:
    """So that no two weeks of one place ever tell of instants that are less than a day apart."""
    said = [closed(date(2020, 3, 16))]
    assert table(said, midnight(date(2020, 3, 16)) + 5 * SECOND) is None
    assert table(said, midnight(date(2020, 3, 17)) - SECOND) is None
    assert made(said, midnight(date(2020, 3, 17))).weeks == ("2020-W12",)
    assert made(said, midnight(date(2020, 3, 23)) + 5 * SECOND).weeks == ("2020-W12",)
    assert made(said, midnight(date(2020, 3, 24))).weeks == ("2020-W12", "2020-W13")
    midweek = [closed(date(2020, 3, 19), date(2020, 3, 20), sectors=["vo", "po"])]
    assert table(midweek, midnight(date(2020, 3, 19)) + HOUR) is None
    assert made(midweek, midnight(date(2020, 3, 20))).weeks == ("2020-W12",)
    assert made(midweek, midnight(date(2020, 4, 20))).weeks == ("2020-W12",)


def test_each_pupil_is_counted_once_in_the_division_of_the_week() -> None:
    at = midnight(date(2020, 12, 15)) + 9 * HOUR
    places = ["GM0003"] * 5 + ["GM0010"] * 6 + ["GM1979"] * 7 + ["GM0788"] * 8 + ["GM9999"] * 9
    said = [closed(date(2020, 12, 14), at=at - 48 * HOUR), *(lost(n, place, at + n) for n, place in enumerate(places))]
    snapshot = made(said, midnight(date(2021, 1, 6)))

    def shown(week: str) -> dict[str, int]:
        row = snapshot.weeks.index(week)
        numbers = snapshot.low[:, snapshot.sectors.index("po"), row].tolist()
        return {place: number for place, number in zip(snapshot.places, numbers, strict=True) if number}

    assert shown("2020-W51") == {"GM0003": 5, "GM0010": 6, "GM0788": 8, "unknown": 7 + 9}
    assert shown("2020-W53") == {"GM0003": 5, "GM0010": 6, "GM1979": 7, "GM0788": 8, "unknown": 9}
    assert shown("2021-W01") == {"GM1979": 5 + 6 + 7, "unknown": 8 + 9}, "merged under one, split under none"
    assert snapshot.cell("GM0003", "po", "2021-W01") is None
    assert snapshot.cell("GM1979", "po", "2020-W51") is None
    country = [row for row in snapshot.area_rows() if (row.area, row.sector) == ("NL", "all")]
    assert [row.unreached for row in country] == [Range(35, 35)] * 4


def test_sums_are_of_what_is_shown() -> None:
    monday = START + 60 * HOUR
    places = ["GM0014"] * 6 + ["GM0003"] * 2 + ["GM0010"] * 3 + ["GM0363"] + [None] * 2
    said = [closed(date(2020, 3, 16)), *(lost(n, place, monday + n) for n, place in enumerate(places))]
    snapshot = made(said, midnight(date(2020, 3, 18)))
    sums = {row.area: row.unreached for row in snapshot.area_rows() if row.sector == "all"}
    assert sums["PV20"] == sums["VR01"] == Range(6 + 1 + 1, 6 + 4 + 4)
    assert sums["PV27"] == Range(1, 4)
    assert sums["PV31"] == Range(0, 0)
    assert sums["NL"] == Range(6 + 4, 6 + 16)
    assert snapshot.total(["GM0014", "GM0003"], ["po"], "2020-W12") == Range(7, 10)
    assert snapshot.total(["GM0014"], ["vo"], "2020-W12") is None
    assert str(sums["NL"]) == "10-22"


def test_one_table_a_day_a_day_apart_for_good(tmp_path: Path) -> None:
    store = PublicStore(tmp_path / "public.sqlite")
    assert (store.days(), store.latest(), store.due(START)) == ([], None, True)
    said = [closed(date(2020, 3, 16)), *(lost(n, "GM0014", START + 60 * HOUR + n) for n in range(3))]
    noon = midnight(date(2020, 3, 27)) + 12 * HOUR
    first = made(said, noon)
    assert store.publish(first)
    assert not store.publish(first)
    assert not store.publish(made(said, noon + 3 * HOUR))
    assert not store.publish(made(said, midnight(date(2020, 3, 28)))), "another day, half a day later"
    assert store.publish(made(said, noon + 22 * HOUR))
    assert not store.due(noon), "a clock that was set back"
    spring = midnight(date(2020, 3, 29))
    assert store.publish(made(said, spring + 10 * HOUR))
    assert store.days() == [date(2020, 3, day) for day in (27, 28, 29)]
    kept = store.snapshot(date(2020, 3, 27))
    assert kept is not None
    assert (kept.low == first.low).all()
    assert (kept.day, kept.as_of, kept.places, kept.weeks) == (first.day, noon, first.places, first.weeks)
    with sqlite3.connect(tmp_path / "public.sqlite") as database:
        for change in (
            "DELETE FROM snapshot",
            "UPDATE snapshot SET as_of = 0",
            "INSERT OR REPLACE INTO snapshot SELECT * FROM snapshot",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(change)


def test_a_day_of_23_hours_has_its_table(tmp_path: Path) -> None:
    said = [closed(date(2020, 3, 16))]
    days = [date(2020, 3, 28), date(2020, 3, 29), date(2020, 3, 30), date(2020, 3, 31)]
    with published(
        messages_of(line(event).encode() for event in said), [midnight(day) + 2 * SECOND for day in days]
    ) as (
        store,
        _,
        _,
    ):
        assert store.days() == days


def test_what_is_kept_was_shown() -> None:
    """The database holds no small number, so nobody who gets at it learns one."""
    said = [closed(date(2020, 3, 16))]
    said += [
        lost(n, f"GM{place:04}", START + 60 * HOUR + n) for n, place in enumerate([14] * 2 + [363] * 3 + [599] * 4)
    ]
    with published(messages_of(line(event).encode() for event in said), [midnight(date(2020, 3, 18))]) as (store, _, _):
        snapshot = store.latest()
        assert snapshot is not None
        assert set(snapshot.low.ravel().tolist()) == {0, 1}
        assert int((snapshot.low == 1).sum()) == 3
