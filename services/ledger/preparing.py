"""A ledger's streams, made where they are absent, before anybody else comes."""

from __future__ import annotations

from deploy.nats_address import NatsAddress
from deploy.streams import make_streams
from services.ledger.connecting import connect

__all__ = ["prepare"]


async def prepare(address: NatsAddress, *, replicas: int = 1) -> None:
    """Make the streams, as the set-up, who may do so. Raises as `connect` and `make_streams` do."""
    async with await connect(address, name="set-up") as ledger:
        await make_streams(ledger.nc, replicas=replicas)
