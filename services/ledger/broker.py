"""A FastStream broker on a system's ledger, for requests, replies and notices."""

from __future__ import annotations

from faststream.nats import NatsBroker
from faststream.security import SASLPlaintext

from deploy.nats_address import NatsAddress
from services.ledger.connecting import inbox_prefix


def make_broker(address: NatsAddress, name: str) -> NatsBroker:
    """Make a broker, not connected yet, that comes back by itself for ever."""
    security = None
    if address.user is not None:
        security = SASLPlaintext(username=address.user, password=address.password or "", use_ssl=False)
    return NatsBroker(
        address.servers,
        security=security,
        name=name,
        inbox_prefix=inbox_prefix(address),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        logger=None,
    )
