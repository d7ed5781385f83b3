"""One view takes another's place while events come in and others look: nobody sees an earlier position than before."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import pytest

from projections.live.view import LiveView
from services.view import bringing, switching
from services.view.rebuilding import rebuild
from services.view.switching import former_view, go_back, position_in, put_into_place, ready_view, waits
from tests.projections.rebuild.test_rebuild import contents
from tests.services.view.test_faults import View, assert_equal, children_of, pouring
from tests.services.view.test_rebuilding import followed, told
from tests.support.examples import rounds
from tests.support.lines import simulated
from tests.support.looking import Looking
from tests.support.systems import RunningLedger
from tests.support.whole import until

KILLS, KILLS_ON_POSTGRES = rounds(20, every_run=5), rounds(20, every_run=3)


@pytest.mark.timeout(400)
def test_built_and_taken_over_and_gone_back_to_under_load_while_others_look(
    kept_anywhere: RunningLedger, kept_view: View, tmp_path: Path
) -> None:
    ledger, view = kept_anywhere, kept_view
    lines = simulated(7, 600, 600)
    asyncio.run(ledger.store(*lines, desk="import"))
    view.start()
    view.moves(len(lines) - 1)
    assert view.process is not None
    process, reader = view.process, children_of(view.process.pid)
    look = Looking(ledger.view)
    more = simulated(8, 4_000)
    with pouring(ledger, more, a_second=150) as over, look.looking():
        for command, said in (
            (["rebuild"], b"the new view is in place"),
            (["rebuild", "--back"], b"the view of before is in place"),
            (["rebuild", "--back"], b"the view of before is in place"),
        ):
            done = ledger.run_inside(*command)
            assert done.returncode == 0, done.stderr
            assert said in done.stderr
            assert b"catching up with the ledger: " in done.stderr
            assert b"switching: 1 of 1" in done.stderr
            assert not waits(ledger.data_dir)
            view.moves(view.position, over=over)
        assert not over.is_set(), "all of it was under load"
    assert look.errors == []
    assert look.went_back == [], "no position that was seen is left behind"
    assert look.looks > 20
    assert look.stood_still < 10
    assert process.poll() is None
    assert set(reader) <= set(children_of(process.pid)), "who reads the ledger went on"
    assert_equal(ledger, lines + more, tmp_path)
    # SQLite shares what it knows of a log by the file that lies under it: of one that is left nothing may stay open.
    assert [each for each in open_files(process.pid) if each.endswith(("-wal (deleted)", "-shm (deleted)"))] == []


def open_files(pid: int) -> list[str]:
    """What a process has open (Linux)."""
    found = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(each.readlink()))
    return found


class Killed(BaseException):
    """What a process that is killed does not come to say."""


class Fault:
    """Ends whoever switches at one of its steps on the disk, counted from 0, as if it were killed there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        for owner, name in (
            (Path, "unlink"),
            (Path, "replace"),
            (os, "link"),
            (os, "utime"),
            (switching, "without_log"),
            (switching, "fsync_directory"),
            (bringing, "bring"),
            (LiveView, "write"),
        ):
            monkeypatch.setattr(owner, name, self._step(getattr(owner, name)))

    def _step(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **more: Any) -> Any:
            if self.left == 0:
                raise Killed
            self.left -= 1
            return real(*given, **more)

        return step


@pytest.mark.parametrize("back", [False, True])
def test_killed_at_any_step_one_whole_view_is_in_place_and_none_is_lost(
    ledger: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, back: bool
) -> None:
    data_dir, place = ledger.data_dir, ledger.data_dir.live_view
    asyncio.run(ledger.store(*simulated(7, 100, 100), desk="import"))
    followed(ledger, place)
    rebuild(data_dir, told, compare=False)
    if back:
        assert put_into_place(data_dir)
    built = tmp_path / "kept"
    shutil.copytree(data_dir.temporary, built)
    shutil.copy(place, tmp_path / "place")
    asyncio.run(ledger.store(*simulated(8, 100)))
    followed(ledger, tmp_path / "place")
    last = position_in(tmp_path / "place")
    whole = contents(tmp_path / "place")
    steps = 0
    while True:
        shutil.rmtree(data_dir.temporary)
        shutil.copytree(built, data_dir.temporary)
        for file in place.parent.glob(f"{place.name}*"):
            file.unlink()
        shutil.copy(tmp_path / "place", place)
        with monkeypatch.context() as patched:
            fault = Fault(patched, steps)
            try:
                if back:
                    go_back(data_dir, told)
                assert put_into_place(data_dir)
            except Killed:
                pass
            else:
                break
        assert fault.left == 0
        assert position_in(place) == last, f"no step back at step {steps}"
        assert contents(place) == whole, f"the one in place is whole at step {steps}"
        others = former_view(data_dir), ready_view(data_dir)
        assert any(each.exists() for each in others), f"the other one is there at step {steps}"
        if back and not ready_view(data_dir).exists():
            go_back(data_dir, told)
        put_into_place(data_dir)
        assert contents(place) == contents(former_view(data_dir)) == whole
        steps += 1
    assert steps > 8


def test_one_that_cannot_be_read_for_a_moment_is_not_taken_for_an_empty_one(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever folds goes on behind its own position: what came before that would be in no view."""
    asyncio.run(ledger.store(*simulated(7, 100, 100), desk="import"))
    place = ledger.data_dir.live_view
    followed(ledger, place)
    rebuild(ledger.data_dir, told, compare=False)
    asyncio.run(ledger.store(*simulated(8, 100)))
    followed(ledger, place)
    last = position_in(place)

    def away(_: Path) -> NoReturn:
        raise OSError("too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(switching, "LiveReader", away)
        assert put_into_place(ledger.data_dir, last)
    assert position_in(place) == last
    assert position_in(former_view(ledger.data_dir)) == last


@pytest.mark.timeout(400)
def test_killed_as_it_switches_under_load_while_others_look(
    kept_anywhere: RunningLedger, kept_view: View, tmp_path: Path
) -> None:
    ledger, view, random = kept_anywhere, kept_view, Random(3)
    lines = simulated(7, 600, 600)
    asyncio.run(ledger.store(*lines, desk="import"))
    view.start()
    view.moves(len(lines) - 1)
    rebuild(ledger.data_dir, told, compare=False)
    kills = KILLS if ledger.database is None else KILLS_ON_POSTGRES
    more, look = simulated(8, 1_500 + 500 * kills), Looking(ledger.view)
    with pouring(ledger, more, a_second=100) as over, look.looking():
        for _ in range(kills):
            until(lambda: not waits(ledger.data_dir))
            go_back(ledger.data_dir, told)
            time.sleep(random.random() * 1.3)
            view.kill()
            view.start()
        assert not over.is_set(), "all of it was under load"
    assert look.errors == []
    assert look.went_back == []
    assert_equal(ledger, lines + more, tmp_path)


def test_a_view_that_does_not_take_it_in_time_is_told_of_and_takes_it_later(ledger: RunningLedger, view: View) -> None:
    lines = simulated(7, 100, 100)
    asyncio.run(ledger.store(*lines, desk="import"))
    view.start()
    view.moves(len(lines) - 1)
    assert view.process is not None
    view.process.send_signal(signal.SIGSTOP)
    try:
        done = ledger.run_inside("rebuild", "--wait", "1")
    finally:
        view.process.send_signal(signal.SIGCONT)
    assert done.returncode == 3
    assert b"has not put it into place within 1 s" in done.stderr
    assert b"is in place" not in done.stderr
    until(lambda: not waits(ledger.data_dir))
    assert former_view(ledger.data_dir).exists()
