"""Where a desk is: its data directory, its system's clock and ledger, and what it may listen on."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.desks.access import Access
from services.desks.store import DeskStore, StoreTrouble, environment_of, postgres_environment, schema_of
from services.system import Clock, DataDir, Settings, SystemRecord, SystemUnavailable, WrongUsage, find_system

__all__ = ["Surroundings", "ensure_may_listen", "is_loopback"]

_LOOK_SECONDS: Final = 1.0


class Surroundings:
    """What a desk finds around it. Nothing is touched before it is asked for."""

    def __init__(self, data_dir: DataDir, settings: Settings) -> None:
        self.data_dir = data_dir
        self.settings = settings
        self._clock = Clock()
        self._looked = 0.0

    def find(self) -> SystemRecord:
        """Give how to reach the running system. Raises SystemUnavailable when none runs."""
        return find_system(self.data_dir, self.settings)

    def now(self) -> int:
        """Give the time by the system's clock, in microseconds; the machine's while no system runs.

        A simulated clock may be set anew at any moment: the record is looked at once a second.
        """
        moment = time.monotonic()
        if moment - self._looked > _LOOK_SECONDS:
            self._looked = moment
            with contextlib.suppress(SystemUnavailable):
                self._clock = self.find().clock
        return self._clock.now()

    @property
    def place(self) -> Path | None:
        """The directory in which the desks' stores lie; None where they are in a database."""
        return self.data_dir.desks if self.settings.database_of_desks is None else None

    def store_of(self, desk: str) -> Mapping[str, str]:
        """Give the environment of the eventsourcing library in which a desk keeps its store."""
        if (database := self.settings.database_of_desks) is not None:
            return postgres_environment(database, schema_of(desk))
        return environment_of(self.data_dir.desks / f"{desk}.sqlite")

    def prepare(self, desk: str) -> None:
        """Make the directory of the desks and the desk's file, for nobody else to read, or its tables in the database.

        Raises SystemUnavailable when that is not possible.
        """
        self.data_dir.prepare()
        if self.data_dir.erasing.exists():
            raise SystemUnavailable(
                f"an erasure of {self.data_dir} is under way or was ended: `kindinbeeld erase --finish`"
            )
        try:
            self.data_dir.desks.mkdir(exist_ok=True, mode=0o700)
            if self.settings.database_of_desks is None:
                handle = os.open(self.data_dir.desks / f"{desk}.sqlite", os.O_RDWR | os.O_CREAT, 0o600)
                os.close(handle)
                return
        except OSError as error:
            raise SystemUnavailable(f"cannot use {self.data_dir.desks}: {error.strerror}") from None
        try:
            DeskStore(desk, self.store_of(desk)).close()
        except StoreTrouble as trouble:
            raise SystemUnavailable(f"the desk {desk} has no store: {trouble.reason}") from None


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    if host == "localhost" or Path(host).is_absolute():  # a socket in the file system
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def ensure_may_listen(host: str, access: Access) -> None:
    """Raise WrongUsage when anyone on the network could report: listening there needs access control."""
    if not is_loopback(host) and not access.required:
        raise WrongUsage(
            "to listen on anything but loopback, access control must be on: make a key first"
            " (`kindinbeeld access create`)"
        )
