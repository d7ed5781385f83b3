"""Connecting to the ledger: a command fails fast and clearly at first, and then outlives a restart of the server."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import structlog

from deploy.nats_address import NatsAddress
from services.system.errors import SystemUnavailable
from services.system.logs import quieten_tls

if TYPE_CHECKING:
    from nats.aio.client import Client

_log = structlog.get_logger(__name__)

PENDING_BYTES = 8 * 1024 * 1024
"""Bytes that wait to be sent before publishing waits too."""
RECONNECT_SECONDS = 0.25
UNSENT = (RuntimeError, OSError, TypeError, AttributeError)
"""What closing a connection raises that was lost with something left to send.

uvloop says RuntimeError, asyncio says OSError; that of Python 3.12, of 3.13 before 3.13.10 and of 3.14.0 says TypeError
or AttributeError: its transport does not look whether it is still there (python/cpython, gh-136234).
"""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


class Ledger:
    """A connection to the ledger, and what it heard of trouble.

    A server answers a publish that is not permitted with silence to the publisher and a word to the connection; that
    word is kept here (`refusal`), so that whoever waits in vain can say why. `lost` counts how many times the
    connection was lost.
    """

    def __init__(self, address: NatsAddress) -> None:
        from nats.aio.client import Client

        self.address = address
        self.nc: Client = Client()
        self.refusal: str | None = None
        self.lost = 0
        self.away = asyncio.Event()
        """Set for good when the connection is lost for the first time, for whoever begins anew then."""
        self.last_error: Exception | None = None

    async def open(self, name: str) -> None:
        """Connect, or fail within seconds.

        Raises SystemUnavailable when the ledger does not answer or does not let us in.
        """
        quieten_tls()
        try:
            await self.nc.connect(
                self.address.servers,
                tls=self.address.tls(),
                user=self.address.user,
                password=self.address.password,
                name=name,
                inbox_prefix=inbox_prefix(self.address),
                allow_reconnect=False,
                connect_timeout=5,
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]
                max_reconnect_attempts=1,
                ping_interval=20,
                pending_size=PENDING_BYTES,
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnect,
                reconnected_cb=self._on_reconnect,
            )
        except Exception as error:
            # With no server left the client says only so; the reason came by the callback before.
            reason = explain(self.last_error or error)
            raise SystemUnavailable(f"the ledger at {self.address.url} cannot be reached: {reason}") from None
        # Only the first attempt ends soon: from here on a server that restarts is waited for.
        self.nc.options.update(allow_reconnect=True, max_reconnect_attempts=-1)

    async def close(self) -> None:
        """Close the connection; what was published and not acknowledged may be lost."""
        await close_quietly(self.nc)

    async def __aenter__(self) -> Ledger:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _on_error(self, error: Exception) -> None:
        text = str(error)
        self.last_error = error
        if "permissions violation" in text.lower():
            self.refusal = text
            _log.error("the ledger refused", reason=text)
        else:
            _log.debug("the connection to the ledger failed", reason=explain(error))

    async def _on_disconnect(self) -> None:
        self.away.set()
        if not self.nc.is_closed:
            self.lost += 1
            _log.warning("the connection to the ledger is lost; trying again", ledger=self.address.url)

    async def _on_reconnect(self) -> None:
        _log.info("the ledger is connected again", ledger=self.address.url)


async def connect(address: NatsAddress, *, name: str = "kindinbeeld", patient: bool = False) -> Ledger:
    """Connect to the ledger and return the connection, which from then on comes back by itself for ever.

    `patient` is for what runs long: the first connection too is then tried until it is there. Otherwise raises
    SystemUnavailable at once when the ledger does not answer or does not let us in.
    """
    while True:
        ledger = Ledger(address)
        try:
            await ledger.open(name)
        except SystemUnavailable as error:
            if not patient:
                raise
            _log.warning("still waiting for the ledger", reason=error.message)
            await asyncio.sleep(1)
        else:
            return ledger


def inbox_prefix(address: NatsAddress) -> str:
    """Return where answers to us come: below the usual `_INBOX`, at a place that only our own user may listen to."""
    user = address.user or ""
    return f"_INBOX.{user}" if _TOKEN.fullmatch(user) else "_INBOX"


def explain(error: BaseException) -> str:
    """Return why a connection failed, in a few words without a password."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing answers there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = str(error).removeprefix("nats: ").strip().strip("'")
    if "authorization violation" in text.lower():
        return "the user or the password is not accepted"
    return text.splitlines()[0] if text else type(error).__name__


async def close_quietly(nc: Client) -> None:
    """Close a connection, also one whose server is away: what could not be sent is given up."""
    # A reconnection under way does not always notice that it is cancelled, and would go on for ever.
    nc.options.update(allow_reconnect=False, max_reconnect_attempts=1)
    try:
        await nc.close()
    except UNSENT as error:
        # Closed while the server was away: the client still tries to send what it has left.
        _log.debug("the connection to the ledger did not close in order", reason=explain(error))
