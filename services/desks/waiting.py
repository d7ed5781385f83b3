"""Callers that wait for their reports to be stored, and how they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.desks.answers import Answer, DeskUnavailable

__all__ = ["Waiting", "tell"]


@dataclass(slots=True)
class Waiting:
    """Reports that a caller waits with, on the caller's own event loop."""

    raws: Sequence[bytes]
    sources: frozenset[str] | None
    together: bool
    resolves: UUID | None
    loop: asyncio.AbstractEventLoop
    answers: asyncio.Future[list[Answer]]


def tell(group: Sequence[Waiting], outcomes: Sequence[list[Answer] | DeskUnavailable]) -> None:
    """Wake the callers, each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[Answer]], list[Answer] | DeskUnavailable]]]
    by_loop = {}
    for waiting, outcome in zip(group, outcomes, strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting.answers, outcome))
    for loop, told in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set, told)


def _set(told: list[tuple[asyncio.Future[list[Answer]], list[Answer] | DeskUnavailable]]) -> None:
    for future, outcome in told:
        if future.done():
            continue  # the caller has gone; what it gave is stored all the same
        if isinstance(outcome, DeskUnavailable):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
