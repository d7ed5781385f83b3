"""The details that open pages ask for, kept current by a process beside the pages' server."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from services.system.beside import answered_by
from services.system.children import VARIABLE
from services.web.details.questions import Batch, OfArea, OfPlace, Question
from services.web.details.worker import DATABASE, NONE, Answers

__all__ = ["DetailsBeside"]

_log = structlog.get_logger(__name__)

_FORGET: Final = 5.0
"""Seconds after which a question that no page asked again is not answered again."""
_REST: Final = 1.0
"""Seconds between two answers to one question, at least."""
_SHARE: Final = 4.0
"""Rest so many times as long as answering took."""
_AGAIN: Final = 2.0
"""Seconds before a process that ended is started again."""


class DetailsBeside:
    """See `Details`. Used on one event loop, on which `run` goes on."""

    def __init__(
        self,
        database: Path | str,
        clock: Callable[[], int],
        changed: Callable[[], None],
        archive: Path | None = None,
    ) -> None:
        """`clock` gives K; `changed` is called when an answer differs from the one before.

        `archive`: where the archive of the same ledger lies, as soon as there is one.
        """
        self._database, self._clock, self._changed, self._archive = database, clock, changed, archive
        self._wanted: dict[Question, float] = {}
        self._answers: dict[Question, OfArea | OfPlace] = {}
        self._asked, self._new, self._told = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._answering = False

    def __call__(self, question: Question, /) -> Any:
        """Give the newest answer, None before there is one, and see to it that newer ones come."""
        now = time.monotonic()
        if now - self._wanted.get(question, now) > _FORGET:
            self._answers.pop(question, None)
        self._wanted[question] = now
        self._asked.set()
        found = self._answers.get(question)
        if found is None:
            self._new.set()
        return found

    async def come(self, seconds: float) -> bool:
        """Wait so long at most for the answers that are not there yet; tell whether any of them has come.

        For a process that only starts nobody waits: it takes longer than that.
        """
        missing = self._missing() if self._answering else []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(question not in self._answers for question in missing):
                    self._told.clear()
                    await self._told.wait()
        return any(question in self._answers for question in missing)

    def _missing(self) -> list[Question]:
        return [question for question in self._wanted if question not in self._answers]

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            await self._asked.wait()
            process = await self._start()
            try:
                await self._serve(process)
            except (asyncio.IncompleteReadError, ConnectionError):
                _log.warning("details.ended")
            finally:
                self._answering = False
                if process.returncode is None:
                    process.kill()
                await process.wait()
            await asyncio.sleep(_AGAIN)

    async def _start(self) -> Process:
        environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
        places = [place if isinstance(place, Path) else NONE for place in (self._database, self._archive)]
        command = [sys.executable, "-m", "services.web.details.worker", *map(str, places)]
        if not isinstance(self._database, Path):
            environment[DATABASE] = self._database  # it may hold a password, and everyone sees arguments
        return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=environment)

    async def _serve(self, process: Process) -> None:
        whole = 0.0  # when all that is wanted is to be answered again
        while True:
            await self._asked.wait()
            self._asked.clear()
            now = time.monotonic()
            if now < whole:
                self._new.clear()
                if not self._missing():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(whole - now):
                            await self._new.wait()
                    self._asked.set()
                    continue
                questions = self._missing()
            else:
                self._forget(now)
                questions = list(self._wanted)
            if questions:
                await self._answer(process, tuple(questions))
                spent = time.monotonic() - now
                whole = max(whole, time.monotonic() + max(_REST, _SHARE * spent))

    def _forget(self, now: float) -> None:
        for question in [question for question, asked in self._wanted.items() if now - asked > _FORGET]:
            del self._wanted[question]
            self._answers.pop(question, None)

    async def _answer(self, process: Process, questions: tuple[Question, ...]) -> None:
        batch = msgspec.msgpack.encode(Batch(self._clock(), questions))
        found: Answers = msgspec.msgpack.decode(await answered_by(process, batch), type=Answers)
        self._answering = True
        if found is None:
            await asyncio.sleep(_AGAIN)
            return
        fresh = {q: a for q, a in zip(questions, found, strict=True) if self._answers.get(q) != a}
        self._answers |= fresh
        self._told.set()
        if fresh:
            self._changed()
