"""The ledger's streams. They are made here and nowhere else, only when absent, and never rewritten.

Erasing somebody removes them, and makes them anew configured as they were.

`KIB_EVENTS` is the shared, append-only truth; `KIB_REJECTED` lies beside it and keeps, whole, what broke a rule.
Neither is made with ``deny_delete`` or ``deny_purge``: these can never be undone, and erasing one person on request
must stay possible. Who may delete is for the server's permissions.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from events.subjects import EVENTS_STREAM, REJECTED_STREAM

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.api import StreamConfig

__all__ = [
    "SUBJECTS",
    "Made",
    "make_stream_like",
    "make_streams",
    "remove_stream",
    "stream_config",
    "streams_made",
]

SUBJECTS = {EVENTS_STREAM: "kib.events.>", REJECTED_STREAM: "kib.rejected.>"}
"""The subjects that each stream takes in."""

_DESCRIPTIONS = {
    EVENTS_STREAM: "Kind in beeld: the ledger of events",
    REJECTED_STREAM: "Kind in beeld: what was rejected, whole, with the field and the rule",
}
_ATOMIC_SINCE = (2, 12)
_BATCHED_SINCE = (2, 14)  # fast-ingest batches; see services.ledger.fast
_IN_USE = 10058  # JetStream's error code: the name is taken by a stream of another configuration


def stream_config(name: str, *, replicas: int = 1, server: tuple[int, int] = _BATCHED_SINCE) -> StreamConfig:
    """Return how the stream `name` is made on a server of version `server` (major, minor).

    `replicas`: 1 on one machine, 3 in a cluster.
    """
    from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

    return StreamConfig(
        name=name,
        description=_DESCRIPTIONS[name],
        subjects=[SUBJECTS[name]],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,  # a full ledger refuses what is new; it never forgets what is old
        num_replicas=replicas,
        allow_direct=True,
        allow_atomic=True if server >= _ATOMIC_SINCE else None,
        allow_batched=True if server >= _BATCHED_SINCE else None,
    )


async def make_streams(nc: Client, *, replicas: int = 1) -> tuple[str, ...]:
    """Make the streams that are absent and return their names; those that exist stay as they are.

    Raises nats.js.errors.APIError when the server refuses (for example more replicas than servers) and
    nats.errors.Error when it does not answer.
    """
    from nats.js.errors import APIError, NotFoundError

    js = nc.jetstream()
    version = nc.connected_server_version
    made = []
    for name in SUBJECTS:
        try:
            await js.stream_info(name)
        except NotFoundError:
            try:
                config = stream_config(name, replicas=replicas, server=(version.major, version.minor))
                await js.add_stream(config)
            except APIError as error:
                if error.err_code != _IN_USE:  # another process made it in the same moment
                    raise
            else:
                made.append(name)
    return tuple(made)


@dataclass(frozen=True)
class Made:
    """A stream that there is: when it was made, its newest sequence, how it is configured; as the server says it.

    `well`: whether as many copies as it is to have are there, and have all of it.
    """

    created: str
    last: int
    config: dict[str, Any]
    well: bool


async def streams_made(nc: Client) -> dict[str, Made]:
    """Give those of the streams that there are. Raises as `make_streams`."""
    from nats.js.errors import NotFoundError

    found = {}
    for name in SUBJECTS:
        with suppress(NotFoundError):
            told = await _asked(nc, f"STREAM.INFO.{name}")
            copies = told.get("cluster", {}).get("replicas") or ()
            current = [each for each in copies if each.get("current") and not each.get("offline")]
            well = 1 + len(current) >= told["config"]["num_replicas"]
            found[name] = Made(told["created"], told["state"]["last_seq"], told["config"], well)
    return found


async def remove_stream(nc: Client, name: str) -> None:
    """Remove a stream with all that lies in it; one that is not there is not. Raises as `make_streams`."""
    from nats.js.errors import NotFoundError

    with suppress(NotFoundError):
        await _asked(nc, f"STREAM.DELETE.{name}")


async def make_stream_like(nc: Client, config: dict[str, Any], *, anew: bool = True) -> None:
    """Make a stream that is configured so, or (not `anew`) configure the one that there is so.

    As `streams_made` gave it, member by member, whatever its administrator has set. Raises as `make_streams`.
    """
    await _asked(nc, f"STREAM.{'CREATE' if anew else 'UPDATE'}.{config['name']}", config)


async def _asked(nc: Client, what: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask JetStream in its own words, so that what this client does not know is not lost on the way."""
    from nats.js.errors import APIError

    message = await nc.request(f"$JS.API.{what}", b"" if content is None else json.dumps(content).encode(), timeout=10)
    answer: dict[str, Any] = json.loads(message.data)
    if "error" in answer:
        APIError.from_error(answer["error"])
    return answer
