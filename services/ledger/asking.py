"""Asking the ledger about its streams, over a restart of its server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from events.subjects import EVENTS_STREAM
from services.system.errors import SystemUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import StreamInfo

__all__ = ["ask", "last_sequence", "next_sequence", "stream_info"]

_PATIENCE_SECONDS = 15.0
_TIMEOUT_SECONDS = 3.0
_AGAIN_SECONDS = 0.25

Answer = TypeVar("Answer")


async def ask(nc: Client, question: Callable[[JetStreamContext], Awaitable[Answer]]) -> Answer:
    """Return the answer to a question to JetStream, asked again while its server restarts, for 15 seconds.

    Raises NotFoundError as the question does, and SystemUnavailable when there is no answer.
    """
    import nats.errors
    from nats.js.errors import NotFoundError

    js = nc.jetstream(timeout=_TIMEOUT_SECONDS)
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await question(js)
        except NotFoundError:
            raise
        except (nats.errors.Error, OSError):
            if time.monotonic() > end or nc.is_closed:
                raise SystemUnavailable("the ledger does not answer") from None
        await asyncio.sleep(_AGAIN_SECONDS)


async def stream_info(nc: Client, stream: str = EVENTS_STREAM) -> StreamInfo:
    """Return what the ledger says of a stream. Raises SystemUnavailable when it is absent or there is no answer."""
    from nats.js.errors import NotFoundError

    try:
        return await ask(nc, lambda js: js.stream_info(stream))
    except NotFoundError:
        raise SystemUnavailable(f"the ledger has no stream {stream}; `kindinbeeld up` makes it") from None


async def last_sequence(nc: Client, stream: str = EVENTS_STREAM) -> int:
    """Return the sequence of the newest message that `stream` ever took in; 0 when none. Raises as `stream_info`."""
    return (await stream_info(nc, stream)).state.last_seq


async def next_sequence(nc: Client, start: int, subjects: Iterable[str]) -> int | None:
    """Return the sequence of the ledger's first message from `start` on that lies on one of some subjects, if any.

    The server that leads the stream answers, which has all that was acknowledged; what a consumer tells may be of one
    that lags behind it. Raises SystemUnavailable when there is no answer.
    """
    from nats.js.errors import NotFoundError

    async def of(subject: str) -> int | None:
        try:
            message = await ask(nc, lambda js: js.get_msg(EVENTS_STREAM, seq=start, subject=subject, next=True))
        except NotFoundError:
            return None
        return message.seq

    found = await asyncio.gather(*map(of, subjects))
    return min((sequence for sequence in found if sequence is not None), default=None)
