"""Where a ledger answers, and as whom it is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit


@dataclass(frozen=True)
class NatsAddress:
    """The address of a ledger: `url` may name several servers of one cluster, with commas between them.

    The password never shows in a repr and never stands in `url`, so that `url` may be shown.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def servers(self) -> list[str]:
        """The address of each server."""
        return [server.strip() for server in self.url.split(",") if server.strip()]

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
