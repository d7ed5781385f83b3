from collections.abc import Iterator

import pytest

from deploy.grafana import Choices, remove, wanted
from tests.support.grafana import Running, State, running_grafana


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_grafana() as running:
        yield running


@pytest.fixture
def grafana(running: Running) -> Iterator[Running]:
    """A Grafana on which nothing of ours stands; afterwards nothing does either."""
    yield running
    if running.stand_in is not None:
        running.stand_in.state = State()
        running.stand_in.before_write = lambda method, path: None
        return
    for area in (None, "VR01"):
        remove(running.url, running.token, wanted(Choices("postgresql://h/d", "", "nobody", area=area)))
