from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.web.access import Role, Viewer
from services.web.board import Board
from services.web.boards import Boards
from services.web.catalogue import make_topic
from services.web.freshness import LevelWatch
from services.web.live import keep_current
from services.web.texts import Language
from tests.services.web.fake import FakeSource, at
from tests.services.web.living import LivingSource, country
from tests.support.examples import examples
from tests.support.live import fed_view

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")
HOUR = timedelta(hours=1) // timedelta(microseconds=1)


def make_board(source: FakeSource, *, simulated: bool = False) -> Board:
    board = Board(source, source.clock, source.lag, simulated, make_topic)
    board.update()
    return board


class Page:
    """An open page as the script keeps it: what it was given first, with every patch applied."""

    def __init__(self, board: Board, key: str, language: Language) -> None:
        self.board, self.key, self.language = board, key, language
        self.cells: dict[tuple[str, int], list[str]] = {}
        self.slots: dict[str, list[str]] = {}
        self.version: str | None = None
        self.load()

    def load(self) -> None:
        self.cells, self.slots, self.version = {}, {}, None
        self.follow()

    def follow(self) -> Any:
        patch = self.board.patch(self.key, self.language, self.version)
        self.version = patch.version
        if patch.body is None:
            self.load()
            return None
        body = json.loads(patch.body)
        for code, cells in body.get("cells", {}).items():
            for column, *look in cells:
                self.cells[code, column] = look
        self.slots |= body["slots"]
        return body


def test_a_change_is_sent_as_the_changed_cells_only() -> None:
    source = FakeSource()
    board = make_board(source)
    page = Page(board, "table:all", "nl")
    source.put("unreached", "GM0014", "po", "2020-W17", 3)
    board.update()
    body = page.follow()
    week = len(WEEKS) + 1
    assert body["cells"]["GM0014"] == [[0, "+3", "up", ""], [week, "3", "l1", "0/0"]]
    assert set(body["cells"]) == {"GM0014", "total"}
    assert page.follow() == {"cells": {}, "slots": {}}


def test_a_change_is_sent_as_the_changed_texts_only() -> None:
    source = FakeSource()
    board = make_board(source)
    page = Page(board, "now:", "nl")
    source.put("unreached", "GM0014", "po", "2020-W17", 3)
    board.update()
    body = page.follow()
    assert body["slots"]["n-all"] == ["3", ""]
    assert body["slots"]["n-po"] == ["3", ""]
    assert "n-vo" not in body["slots"]
    assert page.follow() == {"slots": {}, "parts": {}}


def test_a_page_that_nobody_followed_meanwhile_lacks_nothing_after() -> None:
    source = FakeSource()
    board = make_board(source)
    page = Page(board, "now:", "nl")
    for count in (1, 2, 3):
        source.put("unreached", "GM0014", "po", "2020-W17", count)
        board.update()  # nobody follows: nothing is worked out
    page.follow()
    assert page.slots["n-all"] == ["3", ""]


def test_there_is_no_topic_of_another_name() -> None:
    board = make_board(FakeSource())
    for name in ("", "now", "now:nowhere", "table:", "table:none", "nothing:all"):
        assert board.topic(name) is None


def test_nothing_changes_and_nobody_is_woken() -> None:
    source = FakeSource()
    board = make_board(source)
    news = board.news
    board.update()
    assert not news.is_set()


def test_a_new_week_and_a_new_closure_lay_the_page_out_anew() -> None:
    source = FakeSource(now=at("2020-04-26T23:59:59"))
    board = make_board(source)
    page = Page(board, "table:po", "nl")
    source.now += 2_000_000
    board.update()
    assert board.patch("table:po", "nl", page.version).body is None
    assert page.follow() is None
    assert board.frame is not None
    assert board.frame.weeks["po"][-1] == "2020-W18"
    source.closed = ()
    board.update()
    assert page.follow() is None


def test_a_version_of_another_start_lays_the_page_out_anew() -> None:
    board = make_board(FakeSource())
    for foreign in ("00000000.1", "", "x", f"{board.version.split('.')[0]}.999", f"{board.version.split('.')[0]}.x"):
        assert board.patch("table:all", "nl", foreign).body is None


def test_a_view_that_fails_leaves_the_last_numbers_and_says_so() -> None:
    source = FakeSource()
    source.put("unreached", "GM0014", "po", "2020-W17", 3)
    board = make_board(source)
    page = Page(board, "now:", "nl")
    source.broken = True
    board.update()
    assert page.follow()["slots"]["problem"][0].startswith("De telling kan nu niet")
    assert page.slots["n-all"] == ["3", ""]
    source.broken = False
    board.update()
    assert page.follow()["slots"]["problem"] == ["", ""]


def test_a_view_that_never_was_read_shows_nothing() -> None:
    source = FakeSource(broken=True)
    board = make_board(source)
    assert board.frame is None
    assert board.fresh is None


def test_how_far_behind_is_measured_from_what_the_ledger_had() -> None:
    watch = LevelWatch()
    assert watch.seconds_behind(0.0, position=5, ledger_position=5) == 0
    assert watch.seconds_behind(1.0, position=5, ledger_position=8) == 0
    assert watch.seconds_behind(3.0, position=6, ledger_position=20) == 2
    assert watch.seconds_behind(4.0, position=8, ledger_position=20) == 1
    assert watch.seconds_behind(5.0, position=8, ledger_position=None) == 2
    assert watch.seconds_behind(6.0, position=20, ledger_position=20) == 0


events = st.one_of(
    st.tuples(
        st.sampled_from(["unreached", "schools_expected", "schools_reported", "unreached_over_4_weeks", "households"]),
        st.sampled_from(["GM0014", "GM0363", "GM9999", "unknown"]),
        st.sampled_from(["po", "vo"]),
        st.sampled_from(["2020-W16", "2020-W17", "2020-W18"]),
        st.integers(0, 2000),
    ),
    st.integers(1, 200),
    st.sampled_from(["follow-1", "follow-2"]),
)


@examples(20)
@given(st.lists(events, max_size=25))
def test_a_page_that_follows_shows_what_a_page_just_loaded_shows(story: list[Any]) -> None:
    source = FakeSource(now=at("2020-04-22T12:00:00"))
    board = make_board(source)
    pages = {"follow-1": Page(board, "table:all", "nl"), "follow-2": Page(board, "now:", "en")}
    for step in story:
        if isinstance(step, str):
            pages[step].follow()
        elif isinstance(step, int):
            source.now += step * HOUR // 10
        else:
            source.put(*step)
        board.update()
    for page in pages.values():
        page.follow()
        new = Page(board, page.key, page.language)
        assert (page.cells, page.slots) == (new.cells, new.slots)


def test_every_board_learns_of_a_closure_that_is_extended_whoever_looked_first() -> None:
    """What stands is read from the live view itself: it tells only once that something came."""
    with fed_view() as fed:
        source = country(LivingSource(fed))
        boards = Boards(source, source.clock, source.lag, False)
        area = boards.of(Viewer(Role.MUNICIPALITY, "GM0014", "Groningen", frozenset({"GM0014"})))
        for board in (boards.whole, area):
            board.update()
        extended: dict[str, Any] = {"closure": "one", "sectors": ("po", "so", "vo", "mbo"), "from": date(2020, 3, 16)}
        source.tell("closure-announced", "2020-04-22", **extended, until=date(2020, 5, 10), municipalities=None)
        for board in (boards.whole, area):
            time.sleep(0.02)  # longer than what was read for one board stands for the others
            board.update()
            assert board.current is not None
            assert [closure.until for closure in board.current.closures] == [date(2020, 5, 10)]


async def test_between_two_boards_whoever_asks_for_a_page_has_a_turn() -> None:
    source, turns, seen = FakeSource(), 0, list[int]()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def clock() -> int:
        seen.append(turns)  # each board asks for it once
        return source.now

    boards = Boards(source, clock, source.lag, False)
    with ExitStack() as watching:
        for code in ("GM0014", "GM0363", "GM0599"):
            viewer = Viewer(Role.MUNICIPALITY, code, code, frozenset({code}))
            watching.enter_context(boards.of(viewer).watching("now:"))
        source.changed.set()
        tasks = [asyncio.create_task(task) for task in (others(), keep_current(boards, source.changed))]
        async with asyncio.timeout(60):
            while len(seen) < 4:  # noqa: ASYNC110 - the boards tell no one
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert seen[:4] == sorted(set(seen[:4]))
