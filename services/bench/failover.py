"""For how long a ledger of three servers takes nothing in when the one that leads ends, and what it loses: nothing.

Three servers with the configuration that `cluster config` writes, TLS and three copies included, on this machine. One
publisher goes on at a steady pace through all of it; every message that was acknowledged has to be there in the end.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from nats.errors import Error
from nats.js.errors import APIError

from deploy.cluster import ClusterServer, Layout, kept_passwords, write_cluster
from deploy.nats_address import NatsAddress
from deploy.nats_server import find_binary
from deploy.permissions import SET_UP
from deploy.streams import make_streams
from events import EVENTS_STREAM
from services.bench.accepting import RATE_OF_DESK, Accepting
from services.bench.context import Bench
from services.bench.crisis import Crisis
from services.bench.desks import running_desk
from services.bench.figures import Figure, NotMeasured, Target
from services.ledger import Ledger, Publisher, connect, read_ledger
from services.system import SystemUnavailable
from services.system.ending import end_tasks

TARGET: Final = Target(5.0)
RATE: Final = 500
_TIMES, _QUICK_TIMES = 5, 2
_PATIENCE: Final = 90.0
_CALM: Final = 2.0
"""Seconds of publishing before a server is ended."""
_NEW: Final = 1.0
"""Seconds after which what is acknowledged was so by another leader."""


def failover(bench: Bench) -> Iterator[Figure]:
    """End the server that leads, five times (twice when quick) by SIGKILL, as often by SIGTERM as an upgrade does."""
    times = _QUICK_TIMES if bench.asked.quick else _TIMES
    bench.say("measuring how long a ledger of three servers is away when its leader ends")
    place = bench.place("failover-desk")
    with (
        _Servers(bench.place("failover")) as servers,
        running_desk(place, servers.settings_of("school")) as port,
        Accepting(port) as desk,
    ):
        measured = asyncio.run(_measure(servers, times))
    desk.ensure_all()
    for key, label, gaps, target in (
        ("failover-killed", "leader killed, longest time without accepting", measured.killed, TARGET),
        ("failover-ended", "leader ended in order, the same", measured.ended, TARGET),
    ):
        note = f"{len(gaps)} times: {', '.join(f'{gap:.2f}' for gap in sorted(gaps))} s; {RATE} events/s meanwhile"
        yield Figure(key, label, "s", max(gaps), target, note)
    note = f"of {measured.acknowledged:,} acknowledged"
    given = f"of {desk.accepted:,}, {RATE_OF_DESK} a second, each on the disk when answered"
    yield Figure("failover-desk", "a report to a desk meanwhile, the slowest answer", "ms", desk.longest, None, given)
    yield Figure("failover-lost", "acknowledged and then lost", "events", measured.lost, Target(0.0), note)


class _Measured(NamedTuple):
    """The longest pause around each end of a server, in seconds, and how many messages were acknowledged and lost."""

    killed: list[float]
    ended: list[float]
    acknowledged: int
    lost: int


class _Servers:
    """Three servers, which are all ended with the block."""

    def __init__(self, place: Path) -> None:
        self._directory = place / "cluster"
        ports = _free_ports(12)
        self.servers = [
            ClusterServer.parse(f"nats-{index + 1}=127.0.0.1:{':'.join(map(str, ports[4 * index : 4 * index + 4]))}")
            for index in range(3)
        ]
        files, store = str(self._directory / "{name}"), str(place / "{name}")
        write_cluster(self._directory, self.servers, Layout(files, store, str(self._directory / "ca.pem")))
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> NatsAddress:
        url = ",".join(f"tls://127.0.0.1:{server.port}" for server in self.servers)
        password = kept_passwords(self._directory)[SET_UP]
        return NatsAddress(url, SET_UP, password).trusting(self._directory / "ca.pem")

    def settings_of(self, part: str) -> dict[str, str]:
        """Give the settings of a part, as its file has them."""
        lines = (self._directory / "parts" / f"{part}.env").read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def __enter__(self) -> _Servers:
        for server in self.servers:
            self.start(server.name)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for name in list(self._running):
            self.end(name, in_order=False)

    def start(self, name: str) -> None:
        command = [str(find_binary()), "--config", str(self._directory / name / "nats.conf")]
        quiet = subprocess.DEVNULL
        self._running[name] = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)

    def end(self, name: str, *, in_order: bool) -> None:
        process = self._running.pop(name)
        if in_order:
            process.terminate()
        else:
            process.kill()
        process.wait()


class _Load:
    """Publishes at a steady pace, and keeps when something was acknowledged."""

    def __init__(self, publisher: Publisher[bytes]) -> None:
        self._publisher, self._crisis = publisher, Crisis()
        self.acknowledged: list[bytes] = []
        self._moments: list[float] = []

    async def run(self) -> None:
        """Publish until cancelled. A message that is due while there is no room waits for it."""
        due = time.monotonic()
        while True:
            subject, raw = self._crisis.report()
            await self._publisher.publish(subject, raw, raw)
            due = max(due + 1 / RATE, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def watch(self) -> None:
        """Look what was acknowledged, every 5 ms until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(0.005)

    def look(self) -> None:
        """Take what was acknowledged."""
        if taken := self._publisher.taken():
            self.acknowledged += [raw for _, raw in taken]
            self._moments.append(time.monotonic())

    def taken_since(self, moment: float) -> bool:
        """Tell whether something was acknowledged since then."""
        return bool(self._moments) and self._moments[-1] > moment

    def longest_since(self, begun: float) -> float:
        """Give the longest time between two acknowledgements since then."""
        moments = [begun, *(moment for moment in self._moments if moment > begun)]
        return max((later - earlier for earlier, later in pairwise(moments)), default=time.monotonic() - begun)


async def _measure(servers: _Servers, times: int) -> _Measured:
    """End the leader so often in each of the two ways, under load."""
    pauses: dict[bool, list[float]] = {False: [], True: []}
    async with await _opened(servers) as ledger, Publisher[bytes](ledger, patience=_PATIENCE) as publisher:
        load = _Load(publisher)
        tasks = [asyncio.create_task(load.run()), asyncio.create_task(load.watch())]
        try:
            for in_order in [False, True] * times:
                await asyncio.sleep(_CALM)
                leader = await _leader(ledger, len(servers.servers))
                begun = time.monotonic()
                await asyncio.to_thread(servers.end, leader, in_order=in_order)
                while not load.taken_since(begun + _NEW):
                    if time.monotonic() > begun + _PATIENCE:
                        raise NotMeasured("nobody took over")
                    await asyncio.sleep(0.05)
                pauses[in_order].append(load.longest_since(begun))
                servers.start(leader)
                await _leader(ledger, len(servers.servers))
        finally:
            await end_tasks(tasks)
        await publisher.drain()
        load.look()
        there = {entry[3] async for batch in read_ledger(ledger.nc) for entry in batch}
    lost = sum(raw not in there for raw in load.acknowledged)
    return _Measured(pauses[False], pauses[True], len(load.acknowledged), lost)


async def _opened(servers: _Servers) -> Ledger:
    """Connect once there is a ledger, and make its streams. Raises NotMeasured."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            ledger = await connect(servers.address, name="benchmark")
        except SystemUnavailable:
            await asyncio.sleep(0.1)
            continue
        try:
            await make_streams(ledger.nc, replicas=len(servers.servers))
        except (APIError, Error):  # nobody leads the servers yet
            await ledger.close()
            await asyncio.sleep(0.1)
        else:
            return ledger
    raise NotMeasured("the servers do not become a cluster")


async def _leader(ledger: Ledger, copies: int) -> str:
    """Give the server that leads, once every other copy is level with it. Raises NotMeasured."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            told = (await ledger.nc.jetstream(timeout=2).stream_info(EVENTS_STREAM)).cluster
        except (APIError, Error):
            told = None
        others = (told.replicas or []) if told is not None else []
        level = len(others) == copies - 1 and all(other.current and not other.offline for other in others)
        if told is not None and told.leader and level:
            return str(told.leader)
        await asyncio.sleep(0.05)
    raise NotMeasured("the servers do not become level")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
