"""What the process beside the server worked out, kept for a while for everyone who asks for the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import structlog
from numpy.typing import NDArray

from projections.comparing import CAUSES
from services.system import DataDir
from services.system.beside import written_by
from services.web.sharing import Shared

__all__ = ["NUMBERS", "Compared", "Followed", "NoReplayError", "ThenReplays"]

_log = structlog.get_logger(__name__)

NUMBERS: Final = ("then", "now", "difference", *CAUSES)
"""The numbers of a cell, in their order."""

_PATIENCE: Final = 0.5
"""Seconds that a page waits; one that is not ready says so, and asks again."""
_SECONDS: Final = 1200.0
"""How long one may take."""
_GOOD_FOR: Final = 300.0
"""Seconds for which what was worked out as of now stands for now; the page says as of when it is."""
_TRIES: Final = 3
"""How often it is tried while the ledger does not answer at once: a machine may be busy for a moment."""
_PAUSE: Final = 2.0
"""Seconds between two tries."""
_UNDER_WAY: Final = 4
_KEPT: Final = 12


class NoReplayError(Exception):
    """It cannot be worked out now: the ledger does not answer, or too much is under way."""


class _Key(NamedTuple):
    what: str
    asked: tuple[str, ...]
    turn: int
    """Which stretch of time for which an answer is good."""


@dataclass(frozen=True)
class Compared:
    """Every cell then and now; instants in microseconds. `numbers`: a row for each cell, in the order of `NUMBERS`."""

    then: int
    now: int
    municipality: NDArray[np.str_]
    sector: NDArray[np.str_]
    week: NDArray[np.str_]
    numbers: NDArray[np.int64]


@dataclass(frozen=True)
class Followed:
    """The reporting triangle of an area as of `now`: weeks, the number by weeks after, how complete; and a nowcast."""

    now: int
    weeks: tuple[str, ...]
    known: tuple[tuple[int | None, ...], ...]
    completeness: tuple[float | None, ...]
    nowcast: tuple[dict[str, Any], ...]


class ThenReplays:
    """Asks a process beside the server, one at a time. Used on one event loop."""

    def __init__(self, data_dir: DataDir, clock: Callable[[], int]) -> None:
        """`clock` gives now, in microseconds."""
        self._data_dir, self._clock = data_dir, clock
        self._shared = Shared[_Key, Compared | Followed](_UNDER_WAY, lambda kept: len(kept) > _KEPT)
        self._turn = asyncio.Lock()

    async def compared(self, then: int) -> Compared | None:
        """Give each cell as known then and now; None while it is worked out. Raises NoReplayError."""
        found = await self._get("compare", str(then))
        return found if isinstance(found, Compared) else None

    async def followed(self, sector: str, codes: Set[str] | None, *, nowcast: bool) -> Followed | None:
        """Give the triangle of these municipalities (None: the country), with a nowcast or without one.

        None while it is worked out. The factors of a nowcast are the country's: it is for who sees all of it.

        Raises NoReplayError.
        """
        found = await self._get("triangle", sector, "nowcast" if nowcast else "known", ",".join(sorted(codes or ())))
        return found if isinstance(found, Followed) else None

    async def _get(self, what: str, *asked: str) -> Compared | Followed | None:
        key = _Key(what, asked, int(time.monotonic() // _GOOD_FOR))
        try:
            return await asyncio.wait_for(self._shared.get(key, lambda: self._work(key), NoReplayError), _PATIENCE)
        except TimeoutError:
            return None

    async def _work(self, key: _Key) -> Compared | Followed:
        async with self._turn:
            now = self._clock()
            given = (key.asked[0], str(now)) if key.what == "compare" else (str(now), *key.asked)
            try:
                async with asyncio.timeout(_SECONDS):
                    written = await self._written(key.what, *given)
            except TimeoutError:
                _log.warning("a replay of the ledger took too long", seconds=_SECONDS)
                raise NoReplayError from None
        if key.what == "compare":
            return await asyncio.to_thread(_compared, int(key.asked[0]), written)
        found = orjson.loads(written)
        known = tuple(map(tuple, found["known"]))
        return Followed(
            found["asOf"], tuple(found["weeks"]), known, tuple(found["completeness"]), tuple(found["nowcast"])
        )

    async def _written(self, *asked: str) -> bytes:
        for left in reversed(range(_TRIES)):
            written = await written_by("services.web.then.replay", str(self._data_dir.path), *asked)
            if written is not None:
                return written
            if left:
                await asyncio.sleep(_PAUSE)
        raise NoReplayError


def _compared(then: int, written: bytes) -> Compared:
    found = orjson.loads(written)
    municipality, sector, week = (np.array(found[name], dtype=np.str_) for name in ("municipality", "sector", "week"))
    numbers = np.array([found[name] for name in NUMBERS], dtype=np.int64).reshape(len(NUMBERS), -1).T
    return Compared(then, found["asOf"], municipality, sector, week, numbers)
