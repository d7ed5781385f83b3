"""The ledger's streams. They are made here and nowhere else, only when absent, and never rewritten.

`KIB_EVENTS` is the shared, append-only truth; `KIB_REJECTED` lies beside it and keeps, whole, what broke a rule.
Neither is made with ``deny_delete`` or ``deny_purge``: these can never be undone, and erasing one person on request
must stay possible. Who may delete is for the server's permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.subjects import EVENTS_STREAM, REJECTED_STREAM

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.api import StreamConfig

__all__ = ["SUBJECTS", "make_streams", "stream_config"]

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
