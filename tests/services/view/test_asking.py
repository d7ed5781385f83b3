"""A command that asks the live view waits for one that is not there yet, as it waits for one that is behind."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from services.system import DataDir, SystemUnavailable, find_system
from services.view.asking import caught_up_reader
from services.view.switching import put_into_place, ready_view, without_log
from tests.services.view.test_rebuilding import followed
from tests.support.lines import simulated
from tests.support.systems import RunningLedger


def history() -> list[bytes]:
    return simulated(7, 100, 100)


def test_a_view_that_comes_up_is_waited_for(ledger: RunningLedger, tmp_path: Path) -> None:
    asyncio.run(ledger.store(*history(), desk="import"))
    place = DataDir(tmp_path / "system")
    record = find_system(place)
    with pytest.raises(SystemUnavailable, match="there is no live view"), caught_up_reader(place, record, 0):
        pass
    coming = threading.Timer(1, followed, (ledger, place.live_view))
    coming.start()
    with caught_up_reader(place, record, 300) as reader:
        assert reader.position == len(history())
    coming.join()


def test_who_waits_goes_over_to_the_view_that_takes_the_place(ledger: RunningLedger, tmp_path: Path) -> None:
    asyncio.run(ledger.store(*history()[:50], desk="import"))
    place = DataDir(tmp_path / "system")
    followed(ledger, place.live_view)
    asyncio.run(ledger.store(*history()[50:], desk="import"))

    def replace() -> None:
        ready_view(place).parent.mkdir(exist_ok=True)
        assert without_log(followed(ledger, ready_view(place)))
        put_into_place(place)

    coming = threading.Timer(0.5, replace)
    coming.start()
    with caught_up_reader(place, find_system(place), 60) as reader:
        assert reader.position == len(history())
    coming.join()
