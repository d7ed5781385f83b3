"""Fixtures for tests of services: a running ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.systems import RunningLedger, running_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    """An empty ledger of its own on the data directory `tmp_path / "system"`, found by commands through system.json."""
    with running_ledger(tmp_path / "system") as running:
        yield running
