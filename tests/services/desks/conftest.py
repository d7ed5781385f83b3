"""The two kinds of stores that a desk may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer

Store = Path | Mapping[str, str]
Stores = Callable[[str], Store]


@pytest.fixture(params=["sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    """Gives the store of a name: the same again for the same name."""
    if request.param == "sqlite":
        return lambda name: tmp_path / f"{name}.sqlite"
    server: PostgresServer = request.getfixturevalue("postgres")
    made: dict[str, Store] = {}
    return lambda name: made[name] if name in made else made.setdefault(name, server.environment(name))
