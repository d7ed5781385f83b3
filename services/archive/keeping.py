"""Keeping the archive of a running system current: a build now and then, in a process that gives way to all others.

This module is light, for it runs in the process of `up`: what builds is a process of its own (`services.archive`), and
only that reads large libraries. Settling is over the whole archive, so it takes the longer the more there is: the time
from one build to the next grows with it.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Final, NamedTuple

import structlog
from filelock import FileLock, Timeout

from services.archive.measuring import Measures
from services.ledger.asking import stream_info
from services.ledger.connecting import connect
from services.system import DataDir, SystemUnavailable, find_system
from services.system.beside import written_by

__all__ = ["Keeping"]

_log = structlog.get_logger(__name__)

_FIRST: Final = 60.0
"""Seconds after the start until the first build at most: a start is not the moment for work that can wait."""
_LOOK: Final = 10.0
"""Seconds between two looks at the ledger at most."""
_TIMES: Final = 10.0
"""How many times as long as a build took is waited before the next: it takes a tenth of one process at most."""
_LONGEST: Final = 6 * 3600.0
"""Seconds after which a build is given up."""


class _Stand(NamedTuple):
    """How far the ledger or the archive is."""

    position: int
    """The last sequence; of an archive, up to which all is settled."""
    last: int
    """The last sequence; of an archive, of its segments: they are further where a build was ended before it settled."""
    messages: int
    """How many there are up to `last`."""


class Keeping:
    """Builds the archive of the data directory, as `archive build` does, when the ledger holds more, or less."""

    def __init__(self, data_dir: DataDir, every: float) -> None:
        """`every`: seconds from the end of one build to the next at least; 0: never."""
        self._data_dir, self._every = data_dir, every
        self._measures = Measures(every)
        self._seconds = 0.0
        self._said: str | None = None

    async def run(self, *, alone: bool = False) -> None:
        """Keep it current until cancelled; one process at a time does so for a data directory.

        Raises SystemUnavailable when another one does, if `alone`; else waits for that one's end.
        """
        if not self._every:
            return
        lock = FileLock(str(self._data_dir.path / "archive.lock"), blocking=False, mode=0o600)
        while not _taken(lock):
            if alone:
                raise SystemUnavailable(f"another process keeps the archive of {self._data_dir} current")
            await asyncio.sleep(_LOOK)
        try:
            await self._keep()
        finally:
            lock.release()
            self._data_dir.archive_metrics.unlink(missing_ok=True)

    async def _keep(self) -> None:
        wait = min(self._every, _FIRST)
        due = time.monotonic() + wait
        while True:
            await asyncio.sleep(min(self._every, _LOOK))
            archive, ledger = self._archive(), await self._ledger()
            if ledger is None:
                continue
            if isinstance(archive, _Stand) and archive.last > ledger.last:
                # Not to be built anew by itself: it may be all that is left of what a restored ledger lacks.
                archive = "it holds more than the ledger, which is another one or was restored"
            if not isinstance(archive, _Stand):
                if time.monotonic() >= due:
                    self._say(archive)
                    self._measures.failed()
                    due = time.monotonic() + _FIRST
                self._measures.write(self._data_dir.archive_metrics)
                continue
            self._say(None)
            # What somebody had removed from the ledger is to be forgotten here too.
            removed = ledger.messages < archive.messages + ledger.last - archive.last
            self._measures.looked(archive.position, ledger.position, removed=removed)
            if (removed or ledger.position > archive.position) and time.monotonic() >= due:
                done = await self._build(anew=removed and archive.last > 0)
                wait = max(self._every if done else _FIRST, _TIMES * self._seconds)
                due = time.monotonic() + wait
                now = self._archive()
                position = now.position if isinstance(now, _Stand) else archive.position
                self._measures.built(done, self._seconds, position, wait)
            self._measures.write(self._data_dir.archive_metrics)

    async def _ledger(self) -> _Stand | None:
        """Look how far the ledger is; None when it does not answer."""
        try:
            address = find_system(self._data_dir).address_of("archive")
            async with await connect(address, name="archive") as ledger:
                state = (await stream_info(ledger.nc)).state
        except SystemUnavailable as why:
            _log.debug("the ledger does not answer", why=why.message)
            return None
        return _Stand(state.last_seq, state.last_seq, state.messages)

    def _say(self, why: str | None) -> None:
        """Log once why the archive is not kept; None: it is."""
        if why is not None and why != self._said:
            _log.warning("the archive is not kept current; `archive build --anew` makes it from the ledger", why=why)
        self._said = why

    def _archive(self) -> _Stand | str:
        """Look how far the archive is; or tell why it cannot be kept."""
        try:
            found = json.loads((self._data_dir.archive / "manifest.json").read_bytes())
            if found["source"] != "ledger":
                return "it was made of a file"
            segments, settled = found["segments"], found["settled"]
            return _Stand(
                settled["position"] if settled else 0,
                segments[-1]["last"] if segments else 0,
                sum(segment["messages"] for segment in segments),
            )
        except FileNotFoundError:
            return _Stand(0, 0, 0)
        except (OSError, ValueError, LookupError, TypeError):
            return "its manifest cannot be read"

    async def _build(self, *, anew: bool) -> bool:
        """Build once; False when it could not be done."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(_LONGEST):
                options = ["anew"] if anew else []
                done = await written_by("services.archive", str(self._data_dir.path), *options) is not None
        except (OSError, TimeoutError) as error:
            _log.warning("the archive was not built", why=type(error).__name__)
            done = False
        self._seconds = time.monotonic() - begun
        return done


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire()
    except Timeout:
        return False
    return True
