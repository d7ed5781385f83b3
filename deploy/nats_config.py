"""What the embedded nats-server is told: its identity, its configuration file and the files it leaves."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from deploy.permissions import PARTS, SET_UP, permissions
from deploy.private_files import write_private

MAX_PAYLOAD = 8 * 1024 * 1024
"""Bytes of the largest message: far above any event, the most that the server's makers recommend."""

_PART_OF_DISK = 0.9
"""How much of its whole disk the ledger may take. Left to itself the server takes three quarters of what is free when
it starts: started again with more than that in store it takes nothing in, while the disk is not half full."""

_IDENTITY_FILE = "identity.json"
_CONFIG_FILE = "nats.conf"


@dataclass(frozen=True)
class Identity:
    """What stays the same over restarts of one embedded server: its name, its users, the port it last had.

    `user` and `password` are those of the set-up, which may do everything; `parts` has the password of each other user,
    by the name of the part of the system that it stands for (`deploy.permissions`).
    """

    name: str
    user: str
    password: str = field(repr=False)
    port: int | None = None
    parts: dict[str, str] = field(default_factory=dict, repr=False)

    def with_port(self, port: int | None) -> Identity:
        """Return the same identity on another port."""
        return replace(self, port=port)

    def write(self, directory: Path) -> None:
        """Keep it in `directory`, readable by the owner only."""
        write_private(directory / _IDENTITY_FILE, json.dumps(asdict(self), indent=1))


def keep_identity(directory: Path) -> Identity:
    """Return the identity kept in `directory`, made anew when there is none (or it is not readable as one)."""
    identity = None
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        identity = Identity(**json.loads((directory / _IDENTITY_FILE).read_text("utf-8")))
    if identity is None:
        identity = Identity(name=f"kindinbeeld-{secrets.token_hex(8)}", user=SET_UP, password=_password())
    elif identity.parts.keys() >= set(PARTS):
        return identity
    # Made anew, or by a release that had fewer parts: who is known keeps its password.
    identity = replace(identity, parts={part: identity.parts.get(part) or _password() for part in PARTS})
    identity.write(directory)
    return identity


def write_config(directory: Path, identity: Identity, sync_interval: str) -> Path:
    """Write the server's configuration (mode 600: it holds the passwords) and return its path.

    The configuration language of nats-server reads JSON. Loopback only, no monitoring port, no cluster port.
    """
    config = {
        "server_name": identity.name,
        "host": "127.0.0.1",
        "port": -1 if identity.port is None else identity.port,
        "ports_file_dir": str(directory),
        "pid_file": str(directory / "server.pid"),
        "log_file": str(directory / "server.log"),
        "log_size_limit": 10 * 1024 * 1024,
        "logfile_max_num": 3,
        "max_payload": MAX_PAYLOAD,
        "max_pending": 256 * 1024 * 1024,
        "write_deadline": "30s",
        "authorization": {
            "users": [
                {"user": identity.user, "password": identity.password},
                *(
                    {"user": part, "password": password, "permissions": permissions(part)}
                    for part, password in identity.parts.items()
                    if part in PARTS
                ),
            ]
        },
        "jetstream": {
            "store_dir": str(directory / "store"),
            "sync_interval": sync_interval,
            "max_file_store": int(_PART_OF_DISK * shutil.disk_usage(directory).total),
        },
    }
    path = directory / _CONFIG_FILE
    write_private(path, json.dumps(config, indent=1))
    return path


def _password() -> str:
    return secrets.token_urlsafe(32)


def read_port_left(directory: Path, pid: int) -> int | None:
    """Return the port that the server with this process id says it listens on, None as long as it does not say."""
    for file in directory.glob(f"*_{pid}.ports"):
        with contextlib.suppress(OSError, ValueError, KeyError, IndexError):
            return urlsplit(str(json.loads(file.read_text("utf-8"))["nats"][0])).port
    return None


def remove_port_files(directory: Path) -> None:
    """Remove what earlier servers said about their ports; a server that was killed leaves it behind."""
    for file in directory.glob("*.ports"):
        with contextlib.suppress(OSError):
            file.unlink()
