"""The two ways to a desk, one report at a time: request and reply by NATS, or HTTP by the CloudEvents binding."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["Answer", "Carrier", "NotDeliveredError", "carrier_to"]

Fate = Literal["accepted", "known", "conflict", "rejected", "forbidden", "waiting"]
_FATES: Final = ("accepted", "known", "conflict", "rejected", "forbidden")
_CLOSING_SECONDS: Final = 1.0
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a report. Only `accepted` and `known` mean that the desk has it.

    `conflict`: another content was accepted under this id. `rejected`, `forbidden`: `field` and `rule` say why.
    `waiting`: it could not be sent; it lies in the local file and will be.
    """

    fate: Fate
    id: str
    field: str | None = None
    rule: str | None = None

    @property
    def stands(self) -> bool:
        """Whether the desk has the report."""
        return self.fate in ("accepted", "known")


class NotDeliveredError(Exception):
    """A report did not reach the desk, or the desk could not take it in now. `again`: whether to try soon."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.again = reason, again


class Carrier(Protocol):
    """A way to a desk."""

    async def carry(self, raw: bytes, id: str, seconds: float) -> Answer:
        """Bring a report and wait so many seconds for the answer. Raises NotDeliveredError."""

    async def close(self) -> None:
        """Give back what was taken."""


def carrier_to(
    where: str | Client, desk: str, user: str | None, key: str | None, ca: Path | str | None = None
) -> Carrier:
    """Give the way to a desk: by an HTTP address, a NATS address or a NATS connection. Raises ValueError for others.

    `ca`: the file with the authority that has to have signed the server's certificate; None: any that the machine
    trusts. Raises OSError when it cannot be read or is none.
    """
    if not isinstance(where, str):
        return _Nats(where, None, desk, None, None, None)
    trusted = None if ca is None else ssl.create_default_context(cafile=ca)
    scheme = urlsplit(where).scheme
    if scheme in ("nats", "tls", "ws", "wss"):
        return _Nats(None, where, desk, user, key, trusted)
    if scheme in ("http", "https"):
        return _Http(where, key, trusted)
    raise ValueError("an address that begins with http, https, nats, tls, ws or wss")


class _Nats:
    def __init__(
        self,
        client: Client | None,
        url: str | None,
        desk: str,
        user: str | None,
        key: str | None,
        trusted: ssl.SSLContext | None,
    ) -> None:
        self._client, self._url, self._trusted = client, url, trusted
        self._desk, self._subject = desk, f"kib.desk.{desk}.report"
        self._user, self._key = user, key
        self._connecting = asyncio.Lock()

    async def carry(self, raw: bytes, id: str, seconds: float) -> Answer:
        from nats.errors import Error

        try:
            client = await self._connected()
            reply = await client.request(self._subject, raw, timeout=seconds)
        except (Error, OSError, TimeoutError) as error:
            raise NotDeliveredError(f"the desk does not answer ({type(error).__name__})") from None
        return _answer(reply.data, id)

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None or (self._client.is_closed and self._url is not None):
                self._client = await self._connect()
            return self._client

    async def _connect(self) -> Client:
        from nats.aio.client import Client

        assert self._url is not None  # noqa: S101 - without an address there is a client
        client = Client()
        user = self._user or urlsplit(self._url).username
        given: dict[str, Any] = {}
        if user is not None and _TOKEN.fullmatch(user):
            # Where the desk's broker keeps users apart, each may hear only what is below a place of its own.
            # Below that one for each desk: there a desk may answer from another server than ours too, a leaf node.
            given["inbox_prefix"] = f"_INBOX.{user}.{self._desk}"
        if self._user is not None:
            given |= {"user": self._user, "password": self._key}
        if self._trusted is not None:
            given["tls"] = self._trusted
        try:
            await client.connect(
                [server.strip() for server in self._url.split(",")],  # those of one cluster
                name="kindinbeeld reporter",
                allow_reconnect=False,
                max_reconnect_attempts=1,
                connect_timeout=3,
                error_cb=_ignore,
                **given,
            )
        except BaseException:
            # After a handshake that failed, the library waits without end for that connection to close.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), _CLOSING_SECONDS)
            raise
        # Only the first attempt ends soon: from here on a server that restarts is waited for.
        client.options.update(allow_reconnect=True, max_reconnect_attempts=-1, reconnect_time_wait=0.25)
        return client

    async def close(self) -> None:
        if self._client is not None and self._url is not None:
            self._client.options.update(allow_reconnect=False, max_reconnect_attempts=1)
            with contextlib.suppress(Exception):
                await self._client.close()


async def _ignore(error: Exception) -> None:
    """Whoever waits for the answer hears of it."""


class _Http:
    def __init__(self, url: str, key: str | None, trusted: ssl.SSLContext | None) -> None:
        self._url, self._trusted = f"{url.rstrip('/')}/v1/events", trusted
        self._headers = {"Content-Type": "application/cloudevents+json", "Accept": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"

    async def carry(self, raw: bytes, id: str, seconds: float) -> Answer:
        status, body = await asyncio.to_thread(self._post, raw, seconds)
        try:
            return _answer(body, id)
        except NotDeliveredError:
            again = status in (408, 425, 429) or status >= 500
            reason = "the desk does not accept the key" if status == 401 else f"the desk answered with {status}"
            raise NotDeliveredError(reason, again=again) from None

    def _post(self, raw: bytes, seconds: float) -> tuple[int, bytes]:
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        request = Request(self._url, raw, self._headers, method="POST")  # noqa: S310 - only http and https come here
        try:
            with urlopen(request, timeout=seconds, context=self._trusted) as reply:  # noqa: S310
                return reply.status, reply.read()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read()
        except (OSError, HTTPException) as error:
            raise NotDeliveredError(f"the desk does not answer ({type(error).__name__})") from None

    async def close(self) -> None:
        pass


def _answer(body: bytes, id: str) -> Answer:
    """Read what a desk answers, by either way: the fate, and the field and rule where it refuses."""
    try:
        said = json.loads(body)
        fate = said["fate"]
    except (ValueError, KeyError, TypeError):
        raise NotDeliveredError("the desk answered something else") from None
    if fate not in _FATES:
        raise NotDeliveredError(str(said.get("rule") or "the desk cannot take anything in now"))
    broken = (said.get("errors") or [said])[0]
    return Answer(fate, id, broken.get("field"), broken.get("rule"))
