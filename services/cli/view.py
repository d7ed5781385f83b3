"""`kindinbeeld view`: the live view by itself."""

from __future__ import annotations

import fcntl
import os
import re
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.cli.options import DataDirOption
from services.system.errors import SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from services.system import DataDir


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def view(
        part: Annotated[
            str | None,
            typer.Option(metavar="I/N", help="As worker I of N that keep the view together, with KINDINBEELD_WORKERS."),
        ] = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Run the live view until SIGINT or SIGTERM, on the ledger that KINDINBEELD_NATS_URL names.

        Its tables are in the data directory, which no other view and no `kindinbeeld up` may have at that time. Several
        workers share it: each waits for those of its parts that another still has. Where KINDINBEELD_WORKERS says that
        there are several, the view without --part folds nothing: it tells how far they are, and publishes and audits.
        """
        from services.system import DataDir, Settings, find_system
        from services.system.logs import configure_logging

        configure_logging(Settings.from_environment())
        place = DataDir(data_dir)
        place.prepare()
        if part is not None:
            number, workers = _worker(part)
            if find_system(place).workers == 1:
                raise WrongUsage("--part: KINDINBEELD_WORKERS must say that several workers keep the live view")
            become("services.view.parts", str(place), str(number), str(workers))
        _hold(place)
        find_system(place)
        become("services.view", str(place))


def _worker(text: str) -> tuple[int, int]:
    """Take `2/3` apart. Raises WrongUsage."""
    from events import PARTS

    found = re.fullmatch(r"([1-9])/([1-9])", text)
    if found is None or not int(found[1]) <= int(found[2]) <= PARTS + 1:
        raise WrongUsage(f"--part: must be I/N, as 1/2, with N at most {PARTS + 1}")
    return int(found[1]), int(found[2])


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
