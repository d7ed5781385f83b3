"""The two kinds of stores that a desk may have; a real PostgreSQL is started once for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.postgres import NoPostgresError, PostgresServer, running_postgres

Store = Path | Mapping[str, str]
Stores = Callable[[str], Store]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own. Skips, with the reason, where none runs; fails where it has to."""
    try:
        with running_postgres() as server:
            yield server
    except NoPostgresError as reason:
        if os.environ.get("CI") or os.environ.get("KINDINBEELD_REQUIRE_POSTGRES"):
            raise
        pytest.skip(str(reason))


@pytest.fixture(params=["sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    """Gives the store of a name: the same again for the same name."""
    if request.param == "sqlite":
        return lambda name: tmp_path / f"{name}.sqlite"
    server: PostgresServer = request.getfixturevalue("postgres")
    made: dict[str, Store] = {}
    return lambda name: made[name] if name in made else made.setdefault(name, server.environment(name))
