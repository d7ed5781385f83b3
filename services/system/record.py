"""`system.json`: what a running system tells the commands of its owner, and how they find it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.nats_address import NatsAddress
from deploy.private_files import write_private
from deploy.processes import lives
from services.system.clock import Clock
from services.system.data_dir import DataDir
from services.system.errors import SystemUnavailable
from services.system.settings import Settings

__all__ = ["SystemRecord", "find_system", "place_of", "view_of"]


@dataclass(frozen=True)
class SystemRecord:
    """How to reach a running system. It holds passwords of the ledger: the file has mode 600.

    `nats`: the ledger, for whoever has no part of its own. `parts`: as whom each part of the system speaks to it.
    `desks`: where each desk that runs answers HTTP, by its name; `pids`: their processes.
    """

    nats: NatsAddress
    page_url: str | None = None
    pid: int = field(default_factory=os.getpid)
    clock: Clock = field(default_factory=Clock)
    parts: Mapping[str, NatsAddress] = field(default_factory=dict, repr=False)
    desks: Mapping[str, str] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
    database: str | None = field(default=None, repr=False)
    """The PostgreSQL database of the live view; None: it is a file in the data directory."""
    workers: int = 1
    """Among how many workers the live view is divided; 1: it is one view."""

    def address_of(self, part: str) -> NatsAddress:
        """Return the ledger as this part of the system may speak to it: with its own rights where it has them."""
        return self.parts.get(part, self.nats)

    def write(self, data_dir: DataDir) -> None:
        """Tell it in `data_dir`, replaced whole. Raises OSError when that cannot be written."""
        described = {
            "pid": self.pid,
            "nats": _described(self.nats),
            "pageUrl": self.page_url,
            "database": self.database,
            "workers": self.workers,
            "clock": self.clock.describe(),
            "parts": {part: _described(address) for part, address in self.parts.items()},
            "desks": {name: {"url": url, "pid": self.pids.get(name)} for name, url in self.desks.items()},
        }
        write_private(data_dir.record, json.dumps(described, indent=1) + "\n")

    @staticmethod
    def remove(data_dir: DataDir) -> None:
        """Take it back, at a clean stop."""
        with contextlib.suppress(FileNotFoundError):
            data_dir.record.unlink()

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> SystemRecord:
        """Return the record that `write` wrote. Raises ValueError, KeyError or TypeError when it is not one."""
        desks = described.get("desks", {})
        return cls(
            nats=_address(described["nats"]),
            parts={part: _address(address) for part, address in described.get("parts", {}).items()},
            desks={name: str(desk["url"]) for name, desk in desks.items()},
            pids={name: int(desk["pid"]) for name, desk in desks.items() if desk.get("pid") is not None},
            page_url=described.get("pageUrl"),
            database=described.get("database"),
            workers=int(described.get("workers", 1)),
            pid=int(described["pid"]),
            clock=Clock.from_description(described.get("clock")),
        )


def _described(nats: NatsAddress) -> dict[str, str | None]:
    return {"url": nats.url, "user": nats.user, "password": nats.password, "ca": nats.ca}


def _address(described: dict[str, Any]) -> NatsAddress:
    return NatsAddress(str(described["url"]), described.get("user"), described.get("password")).trusting(
        described.get("ca")
    )


def find_system(data_dir: DataDir, settings: Settings | None = None) -> SystemRecord:
    """Return how to reach the system that runs on `data_dir`.

    Where none runs but `KINDINBEELD_NATS_URL` names a ledger, that ledger is meant, with the real clock. Raises
    SystemUnavailable when no system runs (also when one was killed and left its record behind) or the directory may
    not be read.
    """
    try:
        text = data_dir.record.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        text = None
    except OSError as error:
        raise SystemUnavailable(f"cannot read the data directory {data_dir}: {error.strerror}") from None
    if text is not None:
        try:
            record = SystemRecord.from_json(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SystemUnavailable(f"{data_dir.record} cannot be read; stop the system and start it again") from None
        if lives(record.pid):
            return record
    settings = settings if settings is not None else Settings.from_environment()
    if settings.nats_url is not None:
        ledger = NatsAddress.parse(settings.nats_url, settings.nats_user, settings.nats_password)
        return SystemRecord(ledger.trusting(settings.nats_ca), database=settings.database, workers=settings.workers)
    raise SystemUnavailable(f"no system runs on {data_dir}; start it with `kindinbeeld up --data-dir {data_dir}`")


def view_of(data_dir: DataDir) -> Path | str:
    """Return where the live view of the system on `data_dir` is.

    A file, a directory with its parts, or the address of a PostgreSQL database. A system that runs says so itself;
    where none runs, the settings do.
    """
    try:
        found: SystemRecord | Settings = find_system(data_dir)
    except SystemUnavailable:
        found = Settings.from_environment()
    return place_of(found, data_dir)


def place_of(found: SystemRecord | Settings, data_dir: DataDir) -> Path | str:
    """Return where the live view is by a system's record, or by settings."""
    return data_dir.view_parts if found.workers > 1 else found.database or data_dir.live_view
