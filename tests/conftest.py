"""What all tests share: the golden histories, one PostgreSQL, and that the browser may not be missing in CI."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.support.postgres import NoPostgresError, PostgresServer, running_postgres

_BESIDE = Path(__file__).resolve().parents[2] / "shared"
SHARED: Path | None = _BESIDE if (_BESIDE / "golden" / "cases.json").is_file() else None
"""The folder with golden histories beside the checkout, where there is one."""

# How long an example takes says how busy the machine is: no reason to fail.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """Compile each module once, not in every process that a test starts: half of what these take is compiling.

    Where the environment wants no compiled files beside the modules, they lie with what pytest keeps.
    """
    if sys.dont_write_bytecode and config.pluginmanager.hasplugin("cacheprovider"):
        assert config.cache is not None
        sys.pycache_prefix = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(config.cache.mkdir("compiled")))
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_xdist_auto_num_workers() -> int:
    """Give half as many workers again as there are processors: many tests wait for servers and processes."""
    processors = os.cpu_count() or 1
    return processors + (processors + 1) // 2


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of the golden histories; skips where there is none."""
    if SHARED is None:
        pytest.skip("no golden histories beside this checkout")
    return SHARED / "golden"


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


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A command that a test runs in this process sets up logging on that test's standard error, closed after it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
