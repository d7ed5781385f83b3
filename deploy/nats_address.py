"""Where a ledger answers, and as whom it is spoken to."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit


@dataclass(frozen=True)
class NatsAddress:
    """The address of a ledger: `url` may name several servers of one cluster, with commas between them.

    The password never shows in a repr and never stands in `url`, so that `url` may be shown. `ca`: the file with the
    certificate of the authority that has to have signed the servers' certificates; None: any of the machine's, where
    a server asks for TLS.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    @property
    def servers(self) -> list[str]:
        """The address of each server."""
        return [server.strip() for server in self.url.split(",") if server.strip()]

    def trusting(self, ca: Path | str | None) -> NatsAddress:
        """Return the same address, at which only servers with a certificate signed by `ca` are spoken to."""
        return replace(self, ca=None if ca is None else str(ca))

    def tls(self) -> ssl.SSLContext | None:
        """Return how the servers' certificates are checked; None when no authority is named.

        Raises OSError when the file cannot be read or is no certificate.
        """
        return None if self.ca is None else ssl.create_default_context(cafile=self.ca)

    @classmethod
    def parse(cls, url: str, user: str | None = None, password: str | None = None) -> NatsAddress:
        """Return the address that `url` gives; a user and password inside it are taken out of it.

        `user` and `password` go before those inside. Raises ValueError when `url` is not an address.
        """
        servers = []
        for server in url.split(","):
            text = server.strip()
            parts = urlsplit(text if "://" in text else f"nats://{text}")
            if not parts.hostname or parts.scheme not in ("nats", "tls", "ws", "wss") or not _port_is_one(parts):
                raise ValueError("the address of a nats-server, such as nats://127.0.0.1:4222")
            user = user or (unquote(parts.username) if parts.username else None)
            password = password or (unquote(parts.password) if parts.password else None)
            servers.append(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))
        return cls(",".join(servers), user, password)


def _port_is_one(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
