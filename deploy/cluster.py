"""The configuration of a ledger of several servers: one JetStream cluster, TLS between all parts, a user for each part.

Written once, on a machine that keeps the authority's key, and carried from there to each server. Written again into
the same directory it keeps the authority, the passwords and the key of the store, and renews the certificates.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.certificates import Authority
from deploy.nats_config import MAX_PAYLOAD
from deploy.permissions import PARTS, SERVERS, SET_UP, permissions
from deploy.private_files import write_private

__all__ = [
    "ACCOUNT",
    "CIPHERS",
    "DOMAIN",
    "STORE_KEY",
    "ClusterServer",
    "Layout",
    "copies_of",
    "environment",
    "kept_passwords",
    "write_certificate",
    "write_cluster",
]

ACCOUNT: Final = "KIB"
"""The account in which the ledger is. The servers have another one for themselves, `SYS`, in which no part is."""
DOMAIN: Final = "kindinbeeld"
"""The domain of its streams: a leaf node tells by it whose streams are asked for."""
CIPHERS: Final = ("aes", "chachapoly")
"""The ciphers that a server knows for what it stores."""
STORE_KEY: Final = "KINDINBEELD_STORE_KEY"
"""The variable in a server's environment that holds the key of its store: not in a file beside what it opens."""

_SERVER: Final = re.compile(
    r"(?P<name>[a-z][a-z0-9-]*)=(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::(?P<ports>\d{1,5}(?::\d{1,5}){0,3}))?(?P<zone>@[a-z0-9-]+)?"
)


@dataclass(frozen=True)
class ClusterServer:
    """One server: its name, where the others reach it, its ports, and the place (`zone`) that it may fail with.

    `monitor` is the port of the server's own health endpoint, on loopback only.
    """

    name: str
    host: str
    port: int = 4222
    routes: int = 6222
    leaves: int = 7422
    monitor: int = 8222
    zone: str | None = None

    @classmethod
    def parse(cls, text: str) -> ClusterServer:
        """Read `NAME=HOST[:CLIENTS[:ROUTES[:LEAVES[:MONITOR]]]][@ZONE]`. Raises ValueError when it is not that."""
        found = _SERVER.fullmatch(text)
        ports = [int(port) for port in (found["ports"] or "").split(":") if port] if found else []
        if found is None or not all(0 < port < 65536 for port in ports):
            raise ValueError("NAME=HOST, NAME=HOST:4222:6222:7422:8222 or NAME=HOST@ZONE, the name in small letters")
        zone = found["zone"][1:] if found["zone"] else None
        names = ("port", "routes", "leaves", "monitor")
        return cls(found["name"], found["host"].strip("[]"), zone=zone, **dict(zip(names, ports, strict=False)))

    def at(self, port: int) -> str:
        """Give host and port as an address has them."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{port}"


@dataclass(frozen=True)
class Layout:
    """How the servers are set up. `files`: where each server will find what was written for it; `store`: its streams.

    Both may hold `{name}`, for the name of the server. `ca`: where the parts of a system find the authority's
    certificate. `cipher`: by which it stores, with the key in its environment;
    None: as it comes. `store_bytes`: the most that a server stores; None: three quarters of what is free at each start.
    """

    files: str
    store: str
    ca: str
    cipher: str | None = None
    sync_interval: str = "1s"
    store_bytes: int | None = None


def copies_of(servers: int) -> int:
    """Give in how many copies the streams are, on so many servers."""
    return 3 if servers >= 3 else 1


def write_cluster(directory: Path, servers: Sequence[ClusterServer], layout: Layout) -> None:
    """Write everything for these servers and for the parts of a system that speak to them.

    In `directory`: `ca.pem` and `ca.key`; for each server a directory with `nats.conf`, its certificate, its key and
    the authority's certificate; `parts/NAME.env` for each part; `passwords.json`. Everything has mode 600.
    Raises OSError, or ValueError when what is there cannot be read.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = Authority(directory)
    passwords = kept_passwords(directory)
    for server in servers:
        place = directory / server.name
        place.mkdir(exist_ok=True, mode=0o700)
        write_certificate(place, authority, server)
        write_private(place / "nats.conf", _configuration(server, servers, layout, passwords))
        if layout.cipher is not None and not (place / "store.env").exists():
            # The server reads the value by its configuration language: what begins with a digit would be a number.
            write_private(place / "store.env", f"{STORE_KEY}=k{secrets.token_hex(32)}\n")
    parts = directory / "parts"
    parts.mkdir(exist_ok=True, mode=0o700)
    url = ",".join(f"tls://{server.at(server.port)}" for server in servers)
    for part in (SET_UP, *PARTS):
        write_private(parts / f"{part}.env", environment(part, url, passwords[part], layout.ca, len(servers)))


def write_certificate(place: Path, authority: Authority, server: ClusterServer) -> None:
    """Write a new certificate of a server with its key into its directory, and the authority's certificate."""
    certificate, key = authority.issue(server.name, dict.fromkeys([server.host, server.name]))
    write_private(place / "ca.pem", authority.pem)
    write_private(place / "server.pem", certificate)
    write_private(place / "server.key", key)


def kept_passwords(directory: Path) -> dict[str, str]:
    """Give the password of each user of the cluster in a directory; those that it lacks are made."""
    file = directory / "passwords.json"
    kept: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    wanted = (SET_UP, *PARTS, "cluster", "sys")
    passwords = kept | {user: secrets.token_urlsafe(32) for user in wanted if user not in kept}
    if passwords != kept:
        write_private(file, json.dumps(passwords, indent=1) + "\n")
    return passwords


def environment(part: str, url: str, password: str, ca: str, servers: int) -> str:
    """Give the lines of the settings with which a part speaks to the ledger at `url`, of so many servers."""
    lines = {"NATS_URL": url, "NATS_USER": part, "NATS_PASSWORD": password, "NATS_CA": ca}
    if part == SET_UP:
        lines["REPLICAS"] = str(copies_of(servers))
    return "".join(f"KINDINBEELD_{name}={value}\n" for name, value in lines.items())


def _configuration(
    server: ClusterServer, servers: Sequence[ClusterServer], layout: Layout, passwords: dict[str, str]
) -> str:
    files = layout.files.format(name=server.name)
    shown = {"cert_file": f"{files}/server.pem", "key_file": f"{files}/server.key", "timeout": 5}
    # Without `verify` at a port for clients: these show a password. Servers, leaf nodes too, also show certificates.
    mutual = shown | {"ca_file": f"{files}/ca.pem", "verify": True}
    between = {"user": "cluster", "password": passwords["cluster"]}
    jetstream: dict[str, Any] = {
        "store_dir": layout.store.format(name=server.name),
        "sync_interval": layout.sync_interval,
        "domain": DOMAIN,
    }
    if layout.store_bytes is not None:
        jetstream["max_file_store"] = layout.store_bytes
    if any(each.zone for each in servers):
        jetstream["unique_tag"] = "zone:"  # no two copies of a stream in one place
    if layout.cipher is not None:
        jetstream |= {"cipher": layout.cipher, "key": _UNQUOTED}
    config = {
        "server_name": server.name,
        "server_tags": ["kindinbeeld", *([f"zone:{server.zone}"] if server.zone else [])],
        "host": "0.0.0.0" if not _on_loopback(server) else server.host,  # noqa: S104 - the others are elsewhere
        "port": server.port,
        "http": f"127.0.0.1:{server.monitor}",
        "max_payload": MAX_PAYLOAD,
        "max_pending": 256 * 1024 * 1024,
        "write_deadline": "30s",
        "lame_duck_duration": "30s",
        "lame_duck_grace_period": "2s",
        "tls": shown,
        "accounts": {
            ACCOUNT: {
                "jetstream": "enabled",
                "users": [
                    {"user": SET_UP, "password": passwords[SET_UP]},
                    *(
                        {"user": part, "password": passwords[part], "permissions": permissions(part, DOMAIN)}
                        for part in PARTS
                    ),
                ],
                "imports": [{"service": {"account": "SYS", "subject": _STORED}, "to": SERVERS}],
            },
            "SYS": {
                "users": [{"user": "sys", "password": passwords["sys"]}],
                # The one thing of the servers themselves that a part may ask, where it is permitted to.
                "exports": [{"service": _STORED, "response_type": "stream", "accounts": [ACCOUNT]}],
            },
        },
        "system_account": "SYS",
        "jetstream": jetstream,
        "cluster": {
            "name": "kindinbeeld",
            "listen": server.at(server.routes) if _on_loopback(server) else f"0.0.0.0:{server.routes}",
            "advertise": server.at(server.routes),
            "authorization": between | {"timeout": 5},
            "tls": mutual,
            "routes": [
                f"nats-route://cluster:{passwords['cluster']}@{each.at(each.routes)}"
                for each in servers
                if each != server
            ],
        },
        "leafnodes": {
            "listen": server.at(server.leaves) if _on_loopback(server) else f"0.0.0.0:{server.leaves}",
            "advertise": server.at(server.leaves),
            "tls": mutual,
        },
    }
    # The configuration language reads JSON, and a variable of the environment where it is not within quotes.
    return json.dumps(config, indent=1).replace(json.dumps(_UNQUOTED), f"${STORE_KEY}") + "\n"


_UNQUOTED: Final = "(the key of the store)"
_STORED: Final = "$SYS.REQ.SERVER.PING.JSZ"
"""Where every server answers how its JetStream is."""


def _on_loopback(server: ClusterServer) -> bool:
    return server.host in ("127.0.0.1", "::1", "localhost")
