from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.web.conftest import Served
from tests.services.web.fake import FakeSource, nation

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")


def country() -> FakeSource:
    source = nation(FakeSource(), WEEKS)
    for week, number in zip(WEEKS, (30, 20, 12, 9, 6, 4), strict=True):
        source.put("unreached", "GM0014", "po", week, number)
        source.put("unreached_during", "GM0014", "po", week, number + 3)
        source.put("schools_reported", "GM0014", "po", week, 2)
    return source


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(country())
    running.start()
    yield running
    running.stop()
