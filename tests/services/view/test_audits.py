"""After another view has taken the place of the one that was audited, the next audit is not far."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from projections.live.view import LiveView
from services.system import DataDir
from services.view.audits import Auditing
from services.view.worker import Worker


def nobody(_: LiveView) -> None:
    """Hear of nothing."""


def test_the_rest_between_two_audits_ends_soon_after_a_switch(tmp_path: Path) -> None:
    worker = Worker(tmp_path, tmp_path / "live.sqlite", nobody)
    auditing = Auditing(DataDir(tmp_path), lambda: None, worker, every=3600)

    async def rest() -> float:
        begun = time.monotonic()
        resting = asyncio.create_task(auditing._rest(3600, soon=1))
        await asyncio.sleep(0.2)
        worker.switches += 1
        await asyncio.wait_for(resting, 60)
        return time.monotonic() - begun

    assert asyncio.run(rest()) > 1
