"""The server of a municipality's own: a leaf node, by which one desk speaks to the ledger of several servers.

The desk speaks to a server nearby, with TLS and a password of its own. That server carries on what the desk may say
and nothing else, for it comes to the ledger as that desk: with its user, and so with its rights. It stores nothing:
what a desk accepted is in the desk's own store until the ledger has it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from deploy.certificates import Authority
from deploy.cluster import ACCOUNT, DOMAIN, ClusterServer, environment, kept_passwords, write_certificate
from deploy.nats_config import MAX_PAYLOAD
from deploy.permissions import permissions
from deploy.private_files import write_private
from events.subjects import DESKS

__all__ = ["write_leaf"]

_PASSWORD: Final = "leaf.password"  # noqa: S105 - the name of a file


def write_leaf(
    directory: Path, leaf: ClusterServer, desk: str, servers: Sequence[ClusterServer], *, files: str, ca: str
) -> None:
    """Write, beside the files of a cluster, those of a server of a municipality's own for this desk.

    `directory`: what `write_cluster` wrote. In it comes a directory with the leaf's name: `nats.conf`, its certificate
    and key, the authority's certificate, and `DESK.env` for the desk. Again: a new certificate, the same password.
    `files`: where that server will find them (`{name}`: its name); `ca`: where the desk finds the authority's
    certificate. Raises OSError, and ValueError for a desk that there is none of or a directory without a cluster.
    """
    if desk not in DESKS:
        raise ValueError(f"a desk: {', '.join(DESKS)}")
    if not (directory / "ca.key").exists() or not (directory / "passwords.json").exists():
        raise ValueError("a directory that `cluster config` wrote")
    place = directory / leaf.name
    if leaf.name in {"parts", *(server.name for server in servers)}:
        raise ValueError("another name for the leaf node than that of a server")
    place.mkdir(exist_ok=True, mode=0o700)
    kept = place / _PASSWORD
    if not kept.exists():
        write_private(kept, secrets.token_urlsafe(32) + "\n")
    password = kept.read_text("utf-8").strip()
    write_certificate(place, Authority(directory), leaf)
    hub = [f"tls://{desk}:{quote(kept_passwords(directory)[desk])}@{each.at(each.leaves)}" for each in servers]
    write_private(place / "nats.conf", _configuration(leaf, desk, password, hub, files.format(name=leaf.name)))
    write_private(place / f"{desk}.env", environment(desk, f"tls://{leaf.at(leaf.port)}", password, ca, servers=1))


def _configuration(leaf: ClusterServer, desk: str, password: str, hub: Sequence[str], files: str) -> str:
    shown = {"cert_file": f"{files}/server.pem", "key_file": f"{files}/server.key", "timeout": 5}
    config = {
        "server_name": leaf.name,
        "listen": leaf.at(leaf.port),
        "http": f"127.0.0.1:{leaf.monitor}",
        "max_payload": MAX_PAYLOAD,
        "lame_duck_duration": "30s",
        "lame_duck_grace_period": "2s",
        "tls": shown,
        "accounts": {
            ACCOUNT: {
                "users": [{"user": desk, "password": password, "permissions": permissions(desk, DOMAIN)}],
                # It has no streams of its own: whoever asks for one means the ledger's.
                "mappings": {"$JS.API.>": f"$JS.{DOMAIN}.API.>"},
            },
        },
        "leafnodes": {
            "reconnect": "1s",
            "remotes": [{"urls": list(hub), "account": ACCOUNT, "tls": shown | {"ca_file": f"{files}/ca.pem"}}],
        },
    }
    return json.dumps(config, indent=1) + "\n"
