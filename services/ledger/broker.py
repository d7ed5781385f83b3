"""A FastStream broker on a system's ledger, for requests, replies and notices."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import structlog
from faststream.nats import NatsBroker
from faststream.security import BaseSecurity, SASLPlaintext

from deploy.nats_address import NatsAddress
from services.ledger.connecting import UNSENT, close_quietly, inbox_prefix
from services.system.errors import SystemUnavailable

if TYPE_CHECKING:
    import ssl

    from nats.aio.client import Client


_log = structlog.get_logger(__name__)


class LedgerBroker(NatsBroker):
    """A broker that stops in order also while its ledger is away."""

    @property
    def client(self) -> Client | None:
        """The connection itself, None before there is one."""
        return self._connection

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Stop; what cannot be drained because nobody is there is given up."""
        import nats.errors

        connection = self._connection
        try:
            await super().stop(exc_type, exc_val, exc_tb)
        except (nats.errors.Error, *UNSENT) as error:
            _log.debug("the broker did not stop in order", error=type(error).__name__)
            if connection is not None:
                await close_quietly(connection)


def make_broker(address: NatsAddress, name: str) -> LedgerBroker:
    """Make a broker, not connected yet, that comes back by itself for ever.

    Raises SystemUnavailable when the certificate that its address names cannot be read.
    """
    security: BaseSecurity | None = None
    tls = _checked(address)
    if address.user is not None:
        security = SASLPlaintext(
            username=address.user, password=address.password or "", ssl_context=tls, use_ssl=tls is not None
        )
    elif tls is not None:
        security = BaseSecurity(ssl_context=tls, use_ssl=True)
    return LedgerBroker(
        address.servers,
        security=security,
        name=name,
        inbox_prefix=inbox_prefix(address),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        logger=None,
    )


def _checked(address: NatsAddress) -> ssl.SSLContext | None:
    try:
        return address.tls()
    except OSError as error:
        raise SystemUnavailable(f"the certificate {address.ca} cannot be read: {error.strerror or error}") from None
