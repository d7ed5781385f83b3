"""How the ledger itself stands: its copies, the room that its servers have, and until when their certificates are good.

Asked by the pages' process for `/metrics`, with the rights that it has anyway or that are for this alone. Whatever is
not answered is left out of the answer, never guessed.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from deploy.nats_address import NatsAddress
from deploy.permissions import SERVERS

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["AUTHORITY", "NOBODY", "Room", "Standing", "certificates_of", "rooms_of", "standing_of"]

AUTHORITY: Final = "authority"
"""Under which name the authority's own certificate is told."""
NOBODY: Final = "nobody"
"""Under which name a copy is told that a stream is to have, and no server holds."""

_TIMEOUT: Final = 2.0
"""Seconds until who is asked is given up."""
_QUIET: Final = 0.5
"""Seconds without a further answer after which all servers are taken to have answered."""
_NOT_THE_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: who signed it is checked, and one that has ended is read all the same."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a stream stands: its bytes in one copy, and of each server that is to hold a copy whether that is whole."""

    bytes: int
    copies: dict[str, bool]
    """By the server's name: whether it is there and has all. Empty where one server is alone, which has no others."""


class Room(NamedTuple):
    """What a server stores of all streams, and the most that it would, in bytes."""

    used: int
    limit: int


async def standing_of(nc: Client, stream: str) -> Standing | None:
    """Ask who leads a stream how it stands; None when there is no answer: nobody leads it, or we may not ask."""
    import nats.errors

    try:
        answer = json.loads((await nc.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=_TIMEOUT)).data)
    except (nats.errors.Error, OSError, ValueError):
        return None
    if "error" in answer:
        return None
    cluster = answer.get("cluster") or {}
    copies: dict[str, bool] = {}
    if leader := cluster.get("leader"):
        copies = {leader: True}
        for each in cluster.get("replicas") or ():
            copies[each["name"]] = bool(each.get("current")) and not each.get("offline", False)
    if copies and len(copies) < answer["config"]["num_replicas"]:
        copies[NOBODY] = False
    # A server without a cluster names itself as the leader, or nobody, according to its version.
    alone = answer["config"]["num_replicas"] == 1 and not cluster.get("name")
    return Standing(answer["state"]["bytes"], {} if alone else copies)


async def rooms_of(nc: Client) -> dict[str, Room]:
    """Ask every server of the cluster what it stores; empty where they do not give it to us (`deploy.cluster`)."""
    import nats.errors

    found: dict[str, Room] = {}
    inbox = nc.new_inbox()
    with suppress(nats.errors.Error, OSError, ValueError, LookupError):
        answers = await nc.subscribe(inbox)
        try:
            await nc.publish(SERVERS, b"", reply=inbox)
            wait = _TIMEOUT
            while True:
                message = await answers.next_msg(timeout=wait)
                if not message.data:  # nobody is there to answer
                    break
                told = json.loads(message.data)
                room, limit = told["data"]["storage"], told["data"]["config"]["max_storage"]
                if limit > 0:
                    found[told["server"]["name"]] = Room(room, limit)
                wait = _QUIET
        finally:
            await answers.unsubscribe()
    return found


async def certificates_of(address: NatsAddress) -> dict[str, float]:
    """Tell until when certificates are good, in seconds since 1970; empty where the ledger is not spoken to by TLS.

    Of each server in the address that shows one, and of the authority that the address names. A server is asked for
    its certificate as everyone may, without saying who asks. One that is away, or that another authority signed, is
    left out.
    """
    context = _reading(address)
    if context is None:
        return {}
    found = dict(each for each in await asyncio.gather(*(_shown(url, context) for url in address.servers)) if each)
    if address.ca is not None and (ends := list(_ends(context.get_ca_certs()))):
        found[AUTHORITY] = min(ends)
    return found


def _reading(address: NatsAddress) -> ssl.SSLContext | None:
    try:
        context = address.tls()
    except OSError:
        return None
    if context is None and not any(url.startswith("tls://") for url in address.servers):
        return None
    context = context or ssl.create_default_context()
    context.verify_flags |= _NOT_THE_TIME
    return context


def _ends(certificates: Iterable[dict[str, Any]]) -> Iterable[float]:
    return (float(ssl.cert_time_to_seconds(each["notAfter"])) for each in certificates if "notAfter" in each)


async def _shown(url: str, context: ssl.SSLContext) -> tuple[str, float] | None:
    """Give a server's name and the end of what it shows, None when it shows none."""
    parts = urlsplit(url)
    with suppress(OSError, ValueError, LookupError, asyncio.IncompleteReadError):
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 4222)
            try:
                # It says in plain who it is, and then speaks TLS.
                told = json.loads((await reader.readuntil(b"\r\n")).removeprefix(b"INFO "))
                await writer.start_tls(context, server_hostname=parts.hostname)
                (end,) = _ends([writer.get_extra_info("peercert")])
                return str(told["server_name"]), end
            finally:
                writer.transport.abort()
    return None
