from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.web.frame import ALL, Frame, frame_of
from services.web.now.figures import Figures, figures_of
from services.web.painting import paint
from services.web.views import BLANK, Column, Grid, columns_of, grid_of
from tests.services.web.fake import FIRST, Closure, FakeSource, at

WEEK = Column("2020-W17", "week")


def read(source: FakeSource, key: str = ALL) -> tuple[Frame, Grid]:
    tables = source.tables(source.now)
    frame = frame_of(tables, source.closures())
    return frame, grid_of(tables, frame, key)


def value(source: FakeSource, place: str, column: str, key: str = ALL) -> int | None:
    frame, grid = read(source, key)
    names = [c.name for c in columns_of(frame, key)]
    found = int(grid[0 if place == "total" else 1 + frame.rows.index(place), names.index(column), 0])
    return None if found == BLANK else found


def figures(source: FakeSource) -> dict[str, Figures]:
    tables = source.tables(source.now)
    return figures_of(tables, frame_of(tables, source.closures()), None)


def test_sums_over_sectors_and_places() -> None:
    source = FakeSource()
    source.put("unreached", "GM0014", "po", "2020-W17", 3)
    source.put("unreached", "GM0014", "vo", "2020-W17", 2)
    source.put("unreached", "unknown", "vo", "2020-W17", 4)
    assert value(source, "GM0014", "2020-W17") == 5
    assert value(source, "total", "2020-W17") == 9
    assert value(source, "total", "2020-W17", "vo") == 6
    assert value(source, "total", "2020-W17", "so") == 0


def test_the_change_compares_only_what_was_closed_in_both_weeks() -> None:
    source = FakeSource(now=at("2020-05-13T12:00:00"))
    source.closed = (
        replace(FIRST, sectors=("po",), until=date(2020, 5, 10)),
        Closure("vo", ("vo",), date(2020, 3, 16), date(2020, 6, 1)),
    )
    source.put("unreached", "GM0014", "po", "2020-W19", 100)
    source.put("unreached", "GM0014", "vo", "2020-W19", 10)
    source.put("unreached", "GM0014", "vo", "2020-W20", 12)
    assert value(source, "total", "change") == 2
    assert value(source, "GM0014", "2020-W19") == 110
    frame, _ = read(source)
    assert frame.weeks["po"][-1] == "2020-W19"
    assert frame.on == {ALL, "vo"}


def test_the_first_week_has_no_change() -> None:
    source = FakeSource(now=at("2020-03-18T12:00:00"))
    source.put("unreached", "GM0014", "po", "2020-W12", 1)
    assert value(source, "total", "change") is None
    assert figures(source)[ALL].change is None


def test_households_are_told_by_sector_and_have_no_total() -> None:
    source = FakeSource()
    source.put("households", "GM0014", "po", "2020-W17", 2)
    assert value(source, "GM0014", "households", "po") == 2
    assert value(source, "total", "households", "po") is None
    assert "households" not in [column.name for column in columns_of(read(source)[0], ALL)]


def test_a_closure_of_some_municipalities_leaves_the_others_blank() -> None:
    source = FakeSource(closed=(replace(FIRST, municipalities=("GM0014",)),))
    assert value(source, "GM0014", "2020-W17") == 0
    assert value(source, "GM0363", "2020-W17") is None
    assert value(source, "total", "2020-W17") == 0


def test_no_closure_ever_has_no_weeks_and_no_rows() -> None:
    frame, _ = read(FakeSource(closed=()))
    assert (frame.rows, frame.weeks[ALL], frame.on, frame.last) == ((), (), frozenset(), ())
    assert figures(FakeSource(closed=()))[ALL].unreached is None


def test_the_last_closure_is_shown_when_none_is_on_and_an_earlier_one_is_not() -> None:
    second = Closure("tweede", ("po",), date(2020, 12, 16), date(2021, 2, 7))
    frame, _ = read(FakeSource(now=at("2021-04-01T12:00:00"), closed=(FIRST, second)))
    assert [notice.name for notice in frame.last] == ["tweede"]
    assert (frame.weeks[ALL][0], frame.weeks[ALL][-1]) == ("2020-W51", "2021-W05")
    assert "2020-W53" in frame.weeks[ALL]
    assert frame.weeks["vo"][-1] == "2020-W18"


def test_a_closure_is_on_up_to_and_including_its_last_day() -> None:
    for moment, running in (("2020-04-28T23:59:59", True), ("2020-04-29T00:00:00", False)):
        frame, _ = read(FakeSource(now=at(moment)))
        assert bool(frame.running) is running
        assert bool(frame.last) is not running


def test_what_is_announced_and_has_not_begun_is_coming() -> None:
    frame, _ = read(FakeSource(now=at("2020-03-15T18:00:00")))
    assert [notice.name for notice in frame.coming] == ["eerste sluiting"]
    assert frame.rows == ()


def test_a_municipality_that_ended_stays_only_for_its_numbers() -> None:
    closure = Closure("tweede", ("po",), date(2020, 12, 16))
    source = FakeSource(now=at("2021-01-05T12:00:00"), closed=(closure,))
    source.put("unreached", "GM0003", "po", "2020-W53", 2)
    frame, _ = read(source)
    assert "GM0003" in frame.rows
    assert frame.ended == {"GM0003"}
    assert "GM0010" not in frame.rows
    assert "GM1979" in frame.rows
    before, _ = read(replace(source, now=at("2020-12-31T12:00:00")))
    assert {"GM0003", "GM0010"} <= set(before.rows)
    assert "GM1979" not in before.rows


def test_no_answer_is_not_a_zero() -> None:
    zero = paint(WEEK, (0, 2, 5, 0), "nl")
    silent = paint(WEEK, (0, 0, 5, 0), "nl")
    assert (zero.text, zero.css, zero.coverage) == ("0", "l0", "2/5")
    assert (silent.text, silent.css, silent.coverage) == ("?", "l0 mute", "0/5")
    assert paint(WEEK, (12, 0, 5, 12), "nl") == ("12", "l3 mute", "0/5")
    assert paint(WEEK, (BLANK, 0, 0, BLANK), "nl") == ("–", "off", "")
    assert paint(WEEK, (0, 0, 0, 0), "nl").text == "0"


def test_what_is_not_known_exactly_is_a_range() -> None:
    assert paint(WEEK, (1, 2, 5, 4), "nl").text == "<5"
    assert paint(WEEK, (8, 2, 5, 11), "nl").text == "8–11"
    assert paint(WEEK, (1, 0, 5, 4), "nl").css == "l1 mute"
    assert paint(WEEK, (1008, 2, 5, 1011), "en", total=True).text == "1,008–1,011"
