"""`system.json`: what a running system tells the commands of its owner, and how they find it."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from deploy.nats_address import NatsAddress
from deploy.private_files import write_private
from services.system.clock import Clock
from services.system.data_dir import DataDir
from services.system.errors import SystemUnavailable
from services.system.settings import Settings

__all__ = ["SystemRecord", "find_system"]


@dataclass(frozen=True)
class SystemRecord:
    """How to reach a running system. It holds the ledger's password: the file has mode 600."""

    nats: NatsAddress
    page_url: str | None = None
    pid: int = field(default_factory=os.getpid)
    clock: Clock = field(default_factory=Clock)

    def write(self, data_dir: DataDir) -> None:
        """Tell it in `data_dir`, replaced whole. Raises OSError when that cannot be written."""
        nats = {"url": self.nats.url, "user": self.nats.user, "password": self.nats.password}
        described = {"pid": self.pid, "nats": nats, "pageUrl": self.page_url, "clock": self.clock.describe()}
        write_private(data_dir.record, json.dumps(described, indent=1) + "\n")

    @staticmethod
    def remove(data_dir: DataDir) -> None:
        """Take it back, at a clean stop."""
        with contextlib.suppress(FileNotFoundError):
            data_dir.record.unlink()

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> SystemRecord:
        """Return the record that `write` wrote. Raises ValueError, KeyError or TypeError when it is not one."""
        nats = described["nats"]
        return cls(
            nats=NatsAddress(str(nats["url"]), nats.get("user"), nats.get("password")),
            page_url=described.get("pageUrl"),
            pid=int(described["pid"]),
            clock=Clock.from_description(described.get("clock")),
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
        if _alive(record.pid):
            return record
    settings = settings if settings is not None else Settings.from_environment()
    if settings.nats_url is not None:
        return SystemRecord(NatsAddress.parse(settings.nats_url, settings.nats_user, settings.nats_password))
    raise SystemUnavailable(f"no system runs on {data_dir}; start it with `kindinbeeld up --data-dir {data_dir}`")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
