"""A rehearsal: pages that show a country as it was known at some time, and can be told to go on, to wait or to jump."""

from __future__ import annotations

from concurrent.futures import Future
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web.texts import Language, translator
from services.web.wording import moment

__all__ = ["HEADER", "RehearsalMiddleware", "Rehearsing", "State", "pace_in_words", "told_of_rehearsal", "words_of"]

HEADER: Final = "Kindinbeeld-Rehearsal"
"""Of every answer of a rehearsal, also those that are no page."""


class State(NamedTuple):
    """Where a rehearsal is. Instants in microseconds."""

    now: int
    """What time it is in it."""
    position: int
    """The ledger's sequence up to which events are in."""
    taken: int
    """How many events are in."""
    events: int
    """How many there are."""
    first: int
    """Where it begins."""
    last: int
    """Where it ends."""
    going: bool
    """Whether time goes on."""
    pace: str
    """How fast it goes, when it does."""
    busy: bool
    """Whether it is on its way to where a jump leads."""


class Rehearsing(Protocol):
    """What is shown and told what to do."""

    def state(self) -> State:
        """Tell where it is."""

    def tell(self, words: str) -> Future[State]:
        """Have something done (`pause`, `step week`); the outcome is the state after it, or Rejected."""


_REHEARSAL: Final[ContextVar[Rehearsing | None]] = ContextVar("rehearsal", default=None)


class RehearsalMiddleware:
    """Marks every answer as one of a rehearsal, and lets its forms be known by where they come from."""

    def __init__(self, app: ASGIApp, rehearsing: Rehearsing) -> None:
        self._app, self._rehearsing = app, rehearsing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the mark."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = "yes"
                # `no-referrer` would take the origin from the forms, which stand on every page.
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        token = _REHEARSAL.set(self._rehearsing)
        try:
            await self._app(scope, receive, marked)
        finally:
            _REHEARSAL.reset(token)


def told_of_rehearsal(language: Language) -> dict[str, str] | None:
    """Write what every page of a rehearsal says; None: the page is no rehearsal."""
    rehearsing = _REHEARSAL.get()
    return None if rehearsing is None else words_of(rehearsing.state(), language)


def words_of(state: State, language: Language) -> dict[str, str]:
    """Write where a rehearsal is: what time it is in it, and whether it goes on."""
    t = translator(language)
    over = state.now >= state.last
    key = "rehearsal_busy" if state.busy else "rehearsal_goes" if state.going else "rehearsal_waits"
    return {
        "now": moment(state.now, language, seconds=False),
        "told": t("rehearsal_over" if over and not state.busy else key, pace=pace_in_words(state.pace, language)),
    }


def pace_in_words(pace: str, language: Language) -> str:
    """Write a pace: `1w/10s` is "1 week in 10 seconds"."""
    t = translator(language)
    then, slash, now = pace.partition("/")
    if not slash:
        return t("rehearsal_full")
    units = (t(f"rehearsal_unit_{part[-1]}", count=int(part[:-1]), n=int(part[:-1])) for part in (then, now))
    return t("rehearsal_in", then=next(units), now=next(units))
