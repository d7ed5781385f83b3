import pytest

from events import parse_event
from services.simulate import simulate
from tests.services.simulate.reading import History


@pytest.fixture(scope="session")
def history() -> History:
    """Both closures at full size, every line parsed by the contract: one that breaks a rule fails here."""
    lines = list(simulate())
    return History(lines, [parse_event(line) for _, line in lines])
