"""A real ledger of three servers on loopback, with the files that `kindinbeeld cluster config` writes."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.nats_address import NatsAddress
from deploy.nats_server import find_binary
from tests.support.inside import run_inside
from tests.support.proxy import Wire, wire
from tests.support.systems import COMMAND

PATIENCE = 90


@dataclass
class Server:
    """One server of it; `ports`: for clients, other servers, leaf nodes and health."""

    name: str
    place: Path
    ports: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; it is not waited for."""
        key = dict(
            line.split("=", 1)
            for file in self.place.glob("store.env")
            for line in file.read_text().splitlines()
            if line
        )
        with (self.place / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(find_binary()), "--config", str(self.place / "nats.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | key,
            )

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def healthy(self) -> bool:
        """Whether it says that it is well, its streams included."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[3]}/healthz", timeout=60) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def jetstream(self) -> dict[str, object]:
        """What it tells of its streams."""
        address = f"http://127.0.0.1:{self.ports[3]}/jsz?streams=true&raft=true&accounts=true&config=true"
        with urllib.request.urlopen(address, timeout=60) as answer:
            told: dict[str, object] = json.load(answer)
            return told


@dataclass
class Cluster:
    """Three of them, and where their files are."""

    directory: Path
    servers: list[Server]
    wires: list[Wire]
    """All ways from and to the last server."""

    def environment(self, part: str, **more: str) -> dict[str, str]:
        """The environment of a process that is this part, as its file gives it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
        lines = (self.directory / "parts" / f"{part}.env").read_text().splitlines()
        return kept | dict(line.split("=", 1) for line in lines) | more

    def address(self, user: str) -> NatsAddress:
        """Where it is spoken to as this user."""
        return address_in(self.directory / "parts" / f"{user}.env")

    def run(
        self, part: str, *arguments: str | Path, data_dir: Path, **settings: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `kindinbeeld` as this part, in a process of its own; `settings` go beside those of the part."""
        environment = self.environment(part, KINDINBEELD_DATA_DIR=str(data_dir), **settings)
        command = [str(COMMAND), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, env=environment, timeout=300)

    def wait(self, servers: list[Server] | None = None) -> None:
        """Wait until all of them are well."""
        deadline = time.monotonic() + PATIENCE
        for server in servers if servers is not None else self.servers:
            while not server.healthy():
                assert server.process is None or server.process.poll() is None, (
                    server.place / "server.log"
                ).read_text()
                assert time.monotonic() < deadline, (server.place / "server.log").read_text()[-3000:]
                time.sleep(0.1)

    def held(self) -> set[str]:
        """What the servers hold of the ledger's stream: one thing where each holds the same."""
        states = [_stream(server.jetstream())["state"] for server in self.servers]
        return {
            json.dumps({key: state[key] for key in ("messages", "bytes", "first_seq", "last_seq")}) for state in states
        }

    def leader(self, servers: list[Server] | None = None) -> Server:
        """The server that leads the ledger's stream by what it says itself; waits until one of these does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for server in servers if servers is not None else self.servers:
                with suppress(OSError):
                    if f'"leader": "{server.name}"' in json.dumps(_stream(server.jetstream()).get("cluster")):
                        return server
            time.sleep(0.1)
        raise AssertionError("nobody leads the stream")


class Part:
    """A part as a process of its own, as a unit or a container starts it."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self._log = process, log

    def url(self) -> str:
        """Where it says that it is."""
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        assert len(words) == 2, self._log.read_text()
        return words[1].rstrip("/")


@contextmanager
def part(cluster: Cluster, user: str, place: Path, *words: str, **settings: str) -> Iterator[Part]:
    """Run a part by itself as a user of the ledger, on a data directory."""
    log = place / f"{words[0]}.log"
    environment = cluster.environment(user, KINDINBEELD_DATA_DIR=str(place), KINDINBEELD_AUDIT_EVERY="0")
    environment |= settings
    with log.open("ab") as to:
        process = subprocess.Popen(
            [str(COMMAND), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=to,
            env=environment,
            text=True,
        )
    try:
        yield Part(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def until(told: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not told():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def _stream(told: dict[str, object]) -> dict[str, Any]:
    """What a server tells of the ledger's stream."""
    accounts = told.get("account_details", [])
    assert isinstance(accounts, list)
    for account in accounts:
        for stream in account.get("stream_detail", []):
            if stream["name"] == "KIB_EVENTS":
                found: dict[str, Any] = stream
                return found
    return {}


def address_in(file: Path) -> NatsAddress:
    """What the file with a part's settings says of the ledger."""
    told = dict(line.split("=", 1) for line in file.read_text().splitlines())
    found = NatsAddress.parse(
        told["KINDINBEELD_NATS_URL"], told["KINDINBEELD_NATS_USER"], told["KINDINBEELD_NATS_PASSWORD"]
    )
    return found.trusting(told["KINDINBEELD_NATS_CA"])


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses now; none of those that the system gives to whoever asks for any."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            if tried.getsockname()[1] not in found:
                found.append(tried.getsockname()[1])
    return found


@contextmanager
def running_cluster(
    place: Path, *options: str, zones: Sequence[str] = ("", "", ""), streams: bool = True
) -> Iterator[Cluster]:
    """Configure and start three servers, or one in each of these zones, with the ledger's streams in three copies."""
    ports = free_ports(4 * len(zones))
    names = [f"nats-{number}" for number, _ in enumerate(zones, 1)]
    groups = [tuple(ports[4 * index : 4 * index + 4]) for index, _ in enumerate(zones)]
    directory = place / "cluster"
    given = [
        word
        for name, group, zone in zip(names, groups, zones, strict=True)
        for word in ("--server", f"{name}=127.0.0.1:{':'.join(map(str, group))}{zone and '@'}{zone}")
    ]
    done = run_inside(
        "cluster", "config", directory, *given, "--store", f"{place}/{{name}}", *options, data_dir=place / "none"
    )
    assert done.returncode == 0, done.stderr
    servers = [Server(name, directory / name, group) for name, group in zip(names, groups, strict=True)]
    with ExitStack() as stack:
        wires = [stack.enter_context(wire(server.ports[1])) for server in servers]
        _lead(servers, wires)
        stack.callback(_kill, servers)
        cluster = Cluster(directory, servers, wires)
        for server in servers:
            server.start()
        cluster.wait()
        if streams:
            made = cluster.run("setup", "cluster", "streams", data_dir=place / "none")
            assert made.returncode == 0, made.stderr
        yield cluster


def make_leaf(cluster: Cluster, name: str, desk: str) -> Server:
    """Configure the server of a municipality's own for a desk, as `kindinbeeld cluster leaf` does; it is not started.

    Whoever can set something on that server can do anything there: so can its user `anyone`, with the password
    `anything`.
    """
    port, health = free_ports(2)
    words: list[str | Path] = ["cluster", "leaf", cluster.directory, "--desk", desk]
    for each in cluster.servers:
        words += ["--server", f"{each.name}=127.0.0.1:{':'.join(map(str, each.ports))}"]
    words += ["--name", f"{name}=127.0.0.1:{port}:1:1:{health}", "--files", f"{cluster.directory}/{{name}}"]
    words += ["--ca", cluster.directory / "ca.pem"]
    done = run_inside(*words, data_dir=cluster.directory / "none")
    assert done.returncode == 0, done.stderr
    place = cluster.directory / name
    told = json.loads((place / "nats.conf").read_text())
    told["accounts"]["KIB"]["users"].append({"user": "anyone", "password": "anything"})
    (place / "nats.conf").write_text(json.dumps(told))
    return Server(name, place, (port, 1, 1, health))


def _lead(servers: list[Server], wires: list[Wire]) -> None:
    """Lead the ways from and to the last server over wires, which a test may cut; so does what servers tell others."""
    last = len(servers) - 1
    for index, server in enumerate(servers):
        file = server.place / "nats.conf"
        text = file.read_text("utf-8")
        for other, way in enumerate(wires):
            port = servers[other].ports[1]
            text = text.replace(f'"advertise": "127.0.0.1:{port}"', f'"advertise": "127.0.0.1:{way.port}"')
            if last in (index, other):
                text = text.replace(f"@127.0.0.1:{port}", f"@127.0.0.1:{way.port}")
        file.write_text(text, "utf-8")


def _kill(servers: list[Server]) -> None:
    for server in servers:
        server.kill()
