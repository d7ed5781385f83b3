"""What the pages tell of a ledger of three servers: copies, room and certificates, also when a server is away."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import nats
import pytest
from cryptography import x509
from prometheus_client.parser import text_string_to_metric_families

from deploy import certificates
from deploy.certificates import SERVER_DAYS, Authority
from deploy.cluster import ClusterServer, write_certificate
from deploy.nats_address import NatsAddress
from events import EVENTS_STREAM, REJECTED_STREAM
from services.ledger import connect
from services.ledger.connecting import Ledger
from services.ledger.standing import AUTHORITY, NOBODY, certificates_of, rooms_of, standing_of
from tests.support.cluster import PATIENCE, Cluster, part, running_cluster, until

NAMES = ["nats-1", "nats-2", "nats-3"]
STORE = 300_000_000_000
Samples = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("told"), "--store-size", "300GB") as running:
        yield running


@pytest.fixture(scope="module")
def page(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages answer."""
    place = tmp_path_factory.mktemp("parts")
    with ExitStack() as stack:
        stack.enter_context(part(cluster, "view", place, "view"))
        yield stack.enter_context(part(cluster, "page", place, "page", "--port", "0")).url()


def told(page: str, metric: str) -> Samples:
    """The values of a metric by its labels' values."""
    begun = time.monotonic()
    text = httpx.get(f"{page}/metrics", timeout=60).text
    assert time.monotonic() - begun < 30
    return read(text, metric)


def read(text: str, metric: str) -> Samples:
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == metric
    }


def address(cluster: Cluster, user: str) -> NatsAddress:
    told = cluster.environment(user)
    found = NatsAddress.parse(told["KINDINBEELD_NATS_URL"], user, told["KINDINBEELD_NATS_PASSWORD"])
    return found.trusting(told["KINDINBEELD_NATS_CA"])


def copies(*, without: str = "") -> Samples:
    return {(stream, name): float(name != without) for stream in (EVENTS_STREAM, REJECTED_STREAM) for name in NAMES}


def test_a_server_that_is_killed_is_told_and_that_it_is_back(cluster: Cluster, page: str) -> None:
    until(lambda: told(page, "kib_ledger_copy_current") == copies(), "three copies")
    until(lambda: set(told(page, "kib_ledger_store_used_bytes")) == {(name,) for name in NAMES}, "the room of each")
    assert set(told(page, "kib_ledger_store_limit_bytes").values()) == {STORE}
    assert set(told(page, "kib_ledger_bytes")) == {(EVENTS_STREAM,), (REJECTED_STREAM,)}
    killed = next(server for server in cluster.servers if server is not cluster.leader())
    killed.kill()
    try:
        until(lambda: told(page, "kib_ledger_copy_current") == copies(without=killed.name), "the one that is away")
        others = {(name,) for name in NAMES if name != killed.name}
        until(lambda: set(told(page, "kib_ledger_store_limit_bytes")) == others, "who answers")
    finally:
        killed.start()
        cluster.wait()
    until(lambda: told(page, "kib_ledger_copy_current") == copies(), "three copies again")


def test_with_too_few_servers_nothing_is_told_of_the_ledger_and_the_pages_go_on(cluster: Cluster, page: str) -> None:
    until(lambda: told(page, "kib_ledger_copy_current") == copies(), "three copies")
    first, second, _ = cluster.servers
    for server in (first, second):
        server.kill()
    try:
        # Nobody leads: what stood is not told as if it stood still.
        until(lambda: not told(page, "kib_ledger_copy_current"), "nothing")
        assert told(page, "kib_data_disk_bytes")
    finally:
        for server in (first, second):
            server.start()
        cluster.wait()
    until(lambda: told(page, "kib_ledger_copy_current") == copies(), "three copies again")


def end_of(file: Path) -> float:
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.timestamp()


def test_the_ends_of_all_certificates_are_told(cluster: Cluster, page: str) -> None:
    metric = "kib_ledger_certificate_end_timestamp_seconds"
    until(lambda: bool(told(page, metric)), "certificates")
    wanted = {(server.name,): end_of(server.place / "server.pem") for server in cluster.servers}
    wanted[AUTHORITY,] = end_of(cluster.directory / "ca.pem")
    assert told(page, metric) == wanted
    lasting = datetime.now(UTC) + timedelta(days=SERVER_DAYS)
    assert abs(wanted["nats-1",] - lasting.timestamp()) < 3600


def test_one_that_has_ended_is_told_and_one_of_another_authority_is_not(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server reads a new certificate when it starts; of the old one it is told that it is over."""
    server = cluster.servers[2]
    page = address(cluster, "page")
    monkeypatch.setattr(certificates, "SERVER_DAYS", -1 / 48)  # it was good for half an hour, until half an hour ago
    ours, other = Authority(cluster.directory), Authority(tmp_path)
    named = ClusterServer(server.name, "127.0.0.1")
    before = {file: file.read_bytes() for file in server.place.glob("server.*")}
    try:
        write_certificate(server.place, ours, named)
        server.kill()
        server.start()
        until(lambda: server.name in asyncio.run(certificates_of(page)), "its certificate")
        assert asyncio.run(certificates_of(page))[server.name] == end_of(server.place / "server.pem") < time.time()
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            _speak(server.ports[0], page)
        elsewhere = asyncio.run(certificates_of(page.trusting(other.certificate_file)))
        assert set(elsewhere) == {AUTHORITY}
    finally:
        for file, content in before.items():
            file.write_bytes(content)
        server.kill()
        server.start()
        cluster.wait()


def _speak(port: int, page: NatsAddress) -> None:
    """Speak to a server as the parts do."""
    context = page.tls()
    assert context is not None
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        plain.recv(65536)
        with context.wrap_socket(plain, server_hostname="127.0.0.1"):
            pass


async def test_only_the_pages_ask_the_servers_what_they_store(cluster: Cluster) -> None:
    for part_, answered in (("page", NAMES), ("view", []), ("school", [])):
        async with await connect(address(cluster, part_), name="test", patient=True) as opened:
            assert sorted(await rooms_of(opened.nc)) == answered
    async with await connect(address(cluster, "school"), name="test", patient=True) as opened:
        assert await standing_of(opened.nc, EVENTS_STREAM) is None


async def test_the_right_and_another_size_come_by_a_reload_and_a_first_size_does_not(cluster: Cluster) -> None:
    """As a cluster of an earlier release gets them."""
    written = [(server, (server.place / "nats.conf").read_text()) for server in cluster.servers]

    def write(*, without: str = "", most: int | None) -> None:
        for server, text in written:
            told = json.loads(text)
            told["accounts"]["KIB"].pop(without, None)
            told["jetstream"] |= {"max_file_store": most}
            if most is None:
                del told["jetstream"]["max_file_store"]
            (server.place / "nats.conf").write_text(json.dumps(told))

    def reload() -> None:
        for server in cluster.servers:
            assert server.process is not None
            server.process.send_signal(signal.SIGHUP)

    async def limits(wanted: dict[str, int]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                async with await connect(address(cluster, "page"), name="test", patient=True) as opened:
                    if {name: room.limit for name, room in (await rooms_of(opened.nc)).items()} == wanted:
                        return

    try:
        write(without="imports", most=STORE)
        for server in cluster.servers:
            server.kill()
            server.start()
        await asyncio.to_thread(cluster.wait)
        await limits({})
        write(most=STORE + 1)
        reload()
        await limits(dict.fromkeys(NAMES, STORE + 1))
        write(most=None)
        reload()
        logs = [server.place / "server.log" for server in cluster.servers]
        async with asyncio.timeout(PATIENCE):
            while not all("reload not supported for jetstream" in log.read_text() for log in logs):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await limits(dict.fromkeys(NAMES, STORE + 1))
    finally:
        for server, text in written:
            (server.place / "nats.conf").write_text(text)


async def test_a_copy_that_no_server_holds_is_told(cluster: Cluster) -> None:
    """The last of this file: a server is taken out of the cluster for good, and there is no other in its place."""
    gone = cluster.servers[2]
    gone.kill()
    password = json.loads((cluster.directory / "passwords.json").read_text())["sys"]
    page = address(cluster, "page")
    nc = await nats.connect(page.servers[:2], user="sys", password=password, tls=page.tls())
    rest = dict.fromkeys(NAMES[:2], True)

    async def removed() -> None:
        with suppress(nats.errors.Error):
            await nc.request("$JS.API.SERVER.REMOVE", json.dumps({"peer": gone.name}).encode(), timeout=5)

    async with await connect(page, name="test", patient=True) as opened:
        await told_by(opened, rest | {gone.name: False})
        await told_by(opened, rest | {NOBODY: False}, removed)
    await nc.close()


async def told_by(opened: Ledger, copies: dict[str, bool], do: Callable[[], Awaitable[None]] | None = None) -> None:
    """Wait until these are the copies, and have something done until then."""
    async with asyncio.timeout(PATIENCE):
        while (standing := await standing_of(opened.nc, EVENTS_STREAM)) is None or standing.copies != copies:
            if do is not None:
                await do()
            await asyncio.sleep(0.5)
