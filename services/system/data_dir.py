"""The data directory of a system: where each file lies, and that one process at a time runs it."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from services.system.errors import SystemUnavailable

VARIABLE = "KINDINBEELD_DATA_DIR"


def default_data_dir() -> Path:
    """Return the platform's data directory for users, with the product's name."""
    return user_data_path("kindinbeeld", appauthor=False)


class DataDir:
    """One directory, one system. Making the object touches nothing; `prepare` makes the directory."""

    def __init__(self, path: Path | str | None = None) -> None:
        chosen = path if path is not None else os.environ.get(VARIABLE) or None
        self.path = (Path(chosen) if chosen is not None else default_data_dir()).expanduser().absolute()
        self._lock = FileLock(str(self.path / "lock"), blocking=False, mode=0o600)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def record(self) -> Path:
        """`system.json`: how to reach the running system; absent when none runs."""
        return self.path / "system.json"

    @property
    def nats(self) -> Path:
        """The directory of the embedded ledger."""
        return self.path / "nats"

    @property
    def live_view(self) -> Path:
        """The SQLite file of the live view."""
        return self.path / "live.sqlite"

    @property
    def view_parts(self) -> Path:
        """The directory of the live view's parts, where several workers keep it."""
        return self.path / "view-parts"

    @property
    def view_metrics(self) -> Path:
        """The file in which the view's process keeps its metrics, for the pages to give on."""
        return self.path / "view.prom"

    @property
    def archive_metrics(self) -> Path:
        """The file in which whoever keeps the archive current keeps its metrics, for the pages to give on."""
        return self.path / "archive.prom"

    @property
    def postgres(self) -> Path:
        """The directory of the PostgreSQL that `up --postgres` runs."""
        return self.path / "postgres"

    @property
    def public(self) -> Path:
        """The SQLite file of the public tables, one for each day; what it holds was published and is kept."""
        return self.path / "public.sqlite"

    @property
    def audits(self) -> Path:
        """The SQLite file with what came of audits."""
        return self.path / "audits.sqlite"

    @property
    def import_index(self) -> Path:
        """The SQLite file in which `import` keeps what the ledger already holds."""
        return self.path / "import.sqlite"

    @property
    def desks(self) -> Path:
        """The directory of the desks' own stores."""
        return self.path / "desks"

    @property
    def archive(self) -> Path:
        """The directory of the archive: the ledger in Parquet, made for replay."""
        return self.path / "archive"

    @property
    def erasing(self) -> Path:
        """Where `erase` works; there only while it does, or after it was ended half-way."""
        return self.path / "erasing"

    @property
    def erasing_ready(self) -> Path:
        """There when what `erase` wrote anew stands, and is to take the place of the old."""
        return self.erasing / "ready"

    @property
    def erased(self) -> Path:
        """When everyone was erased last (`services.system.retention`); absent where nobody ever was."""
        return self.path / "erased.json"

    @property
    def temporary(self) -> Path:
        """Where large work spills to; emptied by whoever made a directory in it."""
        return self.path / "tmp"

    def prepare(self) -> None:
        """Make the directory (mode 700). Raises SystemUnavailable when that or writing in it is not allowed."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except FileExistsError:
            raise SystemUnavailable(f"{self} is not a directory") from None
        except OSError as error:
            raise SystemUnavailable(f"cannot make the data directory {self}: {error.strerror}") from None
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise SystemUnavailable(f"no rights to read and write in the data directory {self}")

    def lock(self, *, erasing: bool = False) -> None:
        """Take the directory for this process, until `unlock`, its end, or that of this object.

        Raises SystemUnavailable when another process has it, the directory cannot be used or, unless it is for
        `erasing`, an erasure was ended while it put the new into the place of the old.
        """
        self.prepare()
        try:
            self._lock.acquire()
        except Timeout:
            raise SystemUnavailable(f"{self} is in use by another system; stop that one first") from None
        except OSError as error:
            raise SystemUnavailable(f"cannot lock the data directory {self}: {error.strerror}") from None
        if not erasing and self.erasing_ready.exists():
            self._lock.release()
            raise SystemUnavailable(f"an erasure of {self} was ended half-way: `kindinbeeld erase --finish` first")

    def unlock(self) -> None:
        """Give the directory free."""
        self._lock.release()
