"""Fixtures for tests of the view: a ledger whose view is kept in one database or another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.view.test_faults import View
from tests.support.postgres import PostgresServer
from tests.support.systems import RunningLedger, running_ledger


@pytest.fixture(params=["sqlite", "postgres"])
def kept_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningLedger]:
    """An empty ledger whose view is kept in SQLite or PostgreSQL."""
    database = None
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        database = server.database()
    with running_ledger(tmp_path / "anywhere", database=database) as ledger:
        yield ledger


@pytest.fixture
def kept_view(kept_anywhere: RunningLedger) -> Iterator[View]:
    """The process of that view, once a test starts it; stopped at the end."""
    view = View(kept_anywhere)
    yield view
    view.stop()


@pytest.fixture
def view(ledger: RunningLedger) -> Iterator[View]:
    """The process of its view, once a test starts it; stopped at the end."""
    view = View(ledger)
    yield view
    view.stop()
