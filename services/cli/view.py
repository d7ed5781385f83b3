"""`kindinbeeld view`: the live view by itself."""

from __future__ import annotations

import fcntl
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from services.cli.options import DataDirOption
from services.system.errors import SystemUnavailable

if TYPE_CHECKING:
    from services.system import DataDir


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def view(data_dir: DataDirOption = None) -> None:
        """Run the live view until SIGINT or SIGTERM, on the ledger that KINDINBEELD_NATS_URL names.

        Its tables are in the data directory, which no other view and no `kindinbeeld up` may have at that time.
        """
        from services.system import DataDir, Settings, find_system
        from services.system.logs import configure_logging

        configure_logging(Settings.from_environment())
        place = DataDir(data_dir)
        place.prepare()
        _hold(place)
        find_system(place)
        become("services.view", str(place))


def become(module: str, *arguments: str) -> NoReturn:
    """Go on as this module, in the same process: whoever watches it (systemd, a container) sees it end."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - ourselves


def _hold(place: DataDir) -> None:
    """Hold the lock of the data directory, also as the module that this process becomes."""
    handle = os.open(place.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemUnavailable(f"the data directory {place} is in use by a system or a view that runs") from None
    os.set_inheritable(handle, True)
