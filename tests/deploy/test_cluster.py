"""A ledger of three servers: parts by themselves on it, and nothing lost when servers are killed and cut off."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import stat
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
from cryptography import x509
from nats.errors import NoRespondersError

from deploy.cluster import ClusterServer
from deploy.nats_address import NatsAddress
from events import EVENTS_STREAM, IMPORT_DESK, NotDeliveredError, Reporter, event_subject, parse_event
from services.ledger import Publisher, connect, read_ledger
from tests.support.cluster import Cluster, Server, make_leaf, part, until
from tests.support.inside import run_inside
from tests.support.reports import SOURCE, lost
from tests.support.systems import COMMAND

AS_OF = "2021-12-31T12:00:00+01:00"
RATE = 400


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the parts."""
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="module")
def parts(cluster: Cluster, place: Path) -> Iterator[dict[str, str]]:
    """The view, the pages and a desk, each by itself; where the last two answer."""
    with ExitStack() as stack:
        stack.enter_context(part(cluster, "view", place, "view"))
        page = stack.enter_context(part(cluster, "page", place, "page", "--port", "0"))
        desk = stack.enter_context(part(cluster, "school", place, "desk", "school", "--port", "0"))
        yield {"page": page.url(), "school": desk.url()}


def report(desk: str, number: int) -> str:
    """Have a school report, whatever the ledger is doing: a desk keeps before it sends. Give the report's id."""
    kind = {"content-type": "application/cloudevents+json"}
    answer = httpx.post(f"{desk}/v1/events", content=lost(number), headers=kind, timeout=60)
    assert answer.json()["fate"] == "accepted", answer.text
    return f"lost-{number}"


def test_a_server_is_named_with_its_ports_and_its_zone() -> None:
    assert ClusterServer.parse("a=b.example.nl") == ClusterServer("a", "b.example.nl")
    assert ClusterServer.parse("a=[::1]:1:2@east") == ClusterServer("a", "::1", 1, 2, zone="east")
    for wrong in ("", "a", "A=b", "a=b:0", "a=b:1:2:3:4:5", "a=b:99999", "a=b c", "a=$x"):
        with pytest.raises(ValueError, match="NAME=HOST"):
            ClusterServer.parse(wrong)


def test_again_the_certificates_are_new_and_all_else_is_kept(tmp_path: Path) -> None:
    words = ["cluster", "config", str(tmp_path / "c"), "--server", "a=a.example.nl@east", "--server", "b=10.0.0.1@west"]
    assert run_inside(*words, data_dir=tmp_path).returncode == 0
    files = {file: file.read_bytes() for file in (tmp_path / "c").rglob("*") if file.is_file()}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert run_inside(*words, data_dir=tmp_path).returncode == 0
    changed = {str(file.relative_to(tmp_path / "c")) for file, before in files.items() if file.read_bytes() != before}
    assert changed == {"a/server.pem", "a/server.key", "b/server.pem", "b/server.key"}
    authority = x509.load_pem_x509_certificate((tmp_path / "c/ca.pem").read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "c/b/server.pem").read_bytes())
    server.verify_directly_issued_by(authority)
    hosts = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in hosts.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    told = json.loads((tmp_path / "c/a/nats.conf").read_text())
    assert told["jetstream"]["unique_tag"] == "zone:"
    assert "zone:east" in told["server_tags"]
    assert run_inside(*words[:3], "--server", "no", data_dir=tmp_path).returncode == 2
    for zones in (["@east", "", "@west"], ["@east", "@east", "@west"]):
        servers = [word for name, zone in zip("abc", zones, strict=True) for word in ("--server", f"{name}=b{zone}")]
        refused = run_inside(*words[:3], *servers, data_dir=tmp_path)
        assert refused.returncode == 2
        assert b"three copies take three zones" in refused.stderr


def test_the_streams_are_in_three_copies(cluster: Cluster) -> None:
    for server in cluster.servers:
        told = json.dumps(server.jetstream())
        assert '"num_replicas": 3' in told
        assert '"name": "KIB_EVENTS"' in told


def test_nobody_is_spoken_to_without_a_certificate_of_the_authority(cluster: Cluster, tmp_path: Path) -> None:
    run_inside("cluster", "config", tmp_path / "c", "--server", "a=b", data_dir=tmp_path)
    for ca in (str(tmp_path / "c" / "ca.pem"), ""):
        environment = cluster.environment("reader", KINDINBEELD_NATS_CA=ca, KINDINBEELD_DATA_DIR=str(tmp_path))
        done = subprocess.run([str(COMMAND), "export"], capture_output=True, text=True, env=environment)
        assert done.returncode == 3
        assert "certificate" in done.stderr.lower()


def test_each_part_runs_by_itself(cluster: Cluster, place: Path, parts: dict[str, str]) -> None:
    for name in ("page", "school"):
        until(lambda url=parts[name]: httpx.get(f"{url}/health/ready", timeout=60).status_code == 200, name)  # type: ignore[misc]
        assert "kib_" in httpx.get(f"{parts[name]}/metrics", timeout=60).text
    report(parts["school"], 1)
    until(lambda: httpx.get(f"{parts['page']}/health", timeout=60).json()["viewPosition"] == 1, "the report")
    # One view on a directory, whoever started it.
    for words in (["view"], ["up", "--port", "0", "--no-desks"]):
        again = cluster.run("view", *words, data_dir=place)
        assert again.returncode == 3
        assert b"in use" in again.stderr


async def test_a_program_reports_over_tls_by_the_authority_of_the_cluster(
    cluster: Cluster, parts: dict[str, str]
) -> None:
    reporter = cluster.address("reporter")
    assert parts["school"]
    way: dict[str, Any] = {"source": SOURCE, "user": "reporter", "key": reporter.password, "patience": 60}
    event = parse_event(lost(904))
    async with Reporter(reporter.url, ca=reporter.ca, **way) as it:
        assert (await it.report(event.data, id=event.id)).fate == "accepted"
    async with Reporter(reporter.url, **way | {"patience": 0}) as it:
        with pytest.raises(NotDeliveredError, match="does not answer"):
            await it.report(event.data, id=event.id)
    with pytest.raises(OSError, match="No such file"):
        Reporter(reporter.url, ca=cluster.directory / "none.pem", **way)


def test_what_is_stored_is_encrypted(cluster: Cluster, parts: dict[str, str]) -> None:
    until(lambda: bool(ledger(cluster)), "a report")
    (sequence, raw), *_ = ledger(cluster).items()
    assert sequence == 1
    assert SOURCE.encode() in raw
    for server in cluster.servers:
        store = Path(str(json.loads(json.dumps(server.jetstream()))["config"]["store_dir"]))
        files = [file for file in store.rglob("*") if file.is_file()]
        assert files
        assert not [file for file in files if SOURCE.encode() in file.read_bytes()]


def ledger(cluster: Cluster) -> dict[int, bytes]:
    """Every event in the ledger by its sequence."""

    async def read() -> dict[int, bytes]:
        async with await connect(cluster.address("reader"), name="test", patient=True) as opened:
            return {entry[0]: entry[3] async for batch in read_ledger(opened.nc) for entry in batch}

    return asyncio.run(read())


def carried(cluster: Cluster) -> set[str]:
    """The ids of all that is in the ledger."""
    return {json.loads(raw)["id"] for raw in ledger(cluster).values()}


def test_a_desk_reports_through_a_server_of_its_own(cluster: Cluster, tmp_path: Path) -> None:
    words: list[str | Path] = ["cluster", "leaf", cluster.directory, "--server", "a=b", "--name", "utrecht=c"]
    assert run_inside(*words, "--desk", "nobody", data_dir=tmp_path).returncode == 2
    leaf = make_leaf(cluster, "utrecht", "leerplicht")
    place = leaf.place
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
    settings = dict(line.split("=", 1) for line in (place / "leerplicht.env").read_text().splitlines())
    settings["KINDINBEELD_WORKERS"] = "2"
    with part(cluster, "leerplicht", tmp_path, "desk", "leerplicht", "--port", "0", **settings) as desk:
        url = desk.url()
        report(url, 900)
        assert httpx.get(f"{url}/health", timeout=60).json()["backlog"] == 1, "its server is not there yet"
        leaf.start()
        try:
            until(lambda: "lost-900" in carried(cluster), "what was reported before")
            report(url, 901)
            until(lambda: "lost-901" in carried(cluster), "what is reported now")
            named = asyncio.run(newest_subject(cluster, "kib.events.leerplicht.>"))
            assert re.fullmatch(r"kib\.events\.leerplicht\.contact-lost\.[0-7]", named), "it names its part"
            asyncio.run(reports_across(cluster))
            asyncio.run(reaches_no_further(settings["KINDINBEELD_NATS_URL"], settings["KINDINBEELD_NATS_CA"]))
            assert "lost-902" not in carried(cluster)
        finally:
            leaf.kill()


async def newest_subject(cluster: Cluster, subject: str) -> str:
    """The subject of the last message in the ledger under a subject."""
    async with await connect(cluster.address("setup")) as ledger:
        found = await ledger.nc.jetstream().get_last_msg(EVENTS_STREAM, subject)
        assert found.subject is not None
        return found.subject


async def reports_across(cluster: Cluster) -> None:
    """A program at a server of the ledger reports to the desk at its own server, and is answered."""
    at = cluster.address("reporter")
    way: dict[str, Any] = {"source": SOURCE, "user": "reporter", "key": at.password, "patience": 60}
    event = parse_event(lost(905))
    async with Reporter(at.url, desk="leerplicht", ca=at.ca, **way) as it:
        assert (await it.report(event.data, id=event.id)).fate == "accepted"


async def reaches_no_further(url: str, ca: str) -> None:
    """Who may do anything at that server still comes to the ledger as its desk."""
    tls = NatsAddress(url).trusting(ca).tls()
    nc = await nats.connect(url, user="anyone", password="anything", tls=tls, inbox_prefix="_INBOX.leerplicht")
    try:
        for subject in (event_subject("school", "contact-lost"), "$JS.API.STREAM.DELETE.KIB_EVENTS"):
            with pytest.raises((NoRespondersError, nats.errors.TimeoutError)):
                await nc.request(subject, lost(902), timeout=2)
        # No fault of the wire: what the desk may say is answered on it.
        answer = await nc.request(event_subject("leerplicht", "contact-lost"), lost(903), timeout=30)
        assert "seq" in json.loads(answer.data)
    finally:
        await nc.close()


async def load(cluster: Cluster, lines: list[bytes], over: asyncio.Event) -> list[float]:
    """Publish these at a steady pace until it is over, and then the rest; give when each was acknowledged."""
    acknowledged: list[float] = []
    async with (
        await connect(cluster.address("import"), name="load", patient=True) as opened,
        Publisher[None](opened) as publisher,
    ):
        for line in lines:
            await publisher.publish(event_subject(IMPORT_DESK, parse_event(line).kind), line, None)
            acknowledged += [time.monotonic()] * len(publisher.taken())
            if not over.is_set():
                await asyncio.sleep(1 / RATE)
        await publisher.drain()
        acknowledged += [time.monotonic()] * len(publisher.taken())
    return acknowledged


def under_load(cluster: Cluster, lines: list[bytes], trouble: Callable[[], None]) -> list[float]:
    """Have something happen while lines come in; give when each was acknowledged."""

    async def run() -> list[float]:
        over = asyncio.Event()
        loading = asyncio.create_task(load(cluster, lines, over))
        try:
            await asyncio.to_thread(trouble)
        finally:
            over.set()
        return await asyncio.wait_for(loading, 180)

    return asyncio.run(run())


async def let_lead(cluster: Cluster, server: Server) -> None:
    """Have a server lead the ledger's stream."""
    async with await connect(cluster.address("setup"), name="lead", patient=True) as opened:
        while cluster.leader() is not server:
            wanted = json.dumps({"placement": {"preferred": server.name}}).encode()
            # One that has only just begun to lead may not hear it yet.
            with suppress(nats.errors.Error):
                await opened.nc.request("$JS.API.STREAM.LEADER.STEPDOWN.KIB_EVENTS", wanted, timeout=5)
            await asyncio.sleep(0.5)


def test_servers_are_killed_and_cut_off_under_load_and_nothing_is_lost(
    cluster: Cluster, place: Path, parts: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "history.ndjson"
    assert run_inside("simulate", "--events", "12000", "--output", file, data_dir=tmp_path).returncode == 0
    lines = file.read_bytes().splitlines()
    reported: list[str] = []

    def trouble() -> None:
        numbers = itertools.count(100)

        def some() -> None:
            reported.extend(report(parts["school"], next(numbers)) for _ in range(20))

        for _ in range(2):  # the leader, and then another that leads
            time.sleep(1)
            leader = cluster.leader()
            leader.kill()
            some()
            time.sleep(1)
            leader.start()
            cluster.wait()
        # The leader is cut off from the others until one of them leads: longer than they put up with silence.
        *others, last = cluster.servers
        asyncio.run(let_lead(cluster, last))
        for way in cluster.wires:
            way.cut()
        some()
        assert cluster.leader(others) in others
        some()
        for way in cluster.wires:
            way.broken = False
        cluster.wait()

    acknowledged = under_load(cluster, lines, trouble)
    assert len(acknowledged) == len(lines)

    until(lambda: set(reported) <= carried(cluster), "what the desk accepted")
    assert {json.loads(line)["id"] for line in lines} <= carried(cluster)
    # Each server holds the same, and the table of the whole is that of the file alone.
    until(lambda: len(cluster.held()) == 1, "the same at each")
    done = cluster.run("reader", "export", "--output", tmp_path / "export.ndjson", data_dir=place)
    assert done.returncode == 0, done.stderr
    sources = (file, tmp_path / "export.ndjson")
    tables = [cluster.run("reader", "evaluate", source, "--as-of", AS_OF, data_dir=tmp_path) for source in sources]
    assert tables[0].returncode == 0, tables[0].stderr
    assert tables[0].stdout
    assert tables[0].stdout == tables[1].stdout
    audited = cluster.run("reader", "audit", "--wait", "120", data_dir=place)
    assert "eof_received" not in str(audited.stderr), "what a connection by TLS says at its end tells nobody anything"
    assert audited.returncode == 0, audited.stderr


async def told_by_the_leader(cluster: Cluster, sequences: list[int]) -> dict[int, bytes]:
    """These messages, as the server that leads the stream has them."""
    async with await connect(cluster.address("setup"), name="test", patient=True) as opened:

        async def one(sequence: int) -> bytes:
            asked = json.dumps({"seq": sequence}).encode()
            answer = await opened.nc.request("$JS.API.STREAM.MSG.GET.KIB_EVENTS", asked, timeout=60)
            return b64decode(json.loads(answer.data)["message"]["data"])

        found: dict[int, bytes] = {}
        for some in (sequences[at : at + 200] for at in range(0, len(sequences), 200)):
            found |= zip(some, await asyncio.gather(*map(one, some)), strict=True)
        return found


def test_a_server_that_lost_its_disk_gets_all_copies_back_under_load(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "history.ndjson"
    words = ("simulate", "--seed", "5", "--events", "6000", "--output", file)
    assert run_inside(*words, data_dir=tmp_path).returncode == 0
    lines = file.read_bytes().splitlines()
    lost, *_ = (server for server in cluster.servers if server is not cluster.leader())
    store = Path(str(json.loads(json.dumps(lost.jetstream()))["config"]["store_dir"]))

    def trouble() -> None:
        time.sleep(1)
        lost.kill()
        time.sleep(1)
        assert any(store.rglob("*.blk"))
        shutil.rmtree(store)
        lost.start()
        cluster.wait()

    async def copies() -> set[tuple[bool, int]]:
        async with await connect(cluster.address("setup"), name="test", patient=True) as opened:
            answer = await opened.nc.request("$JS.API.STREAM.INFO.KIB_EVENTS", b"", timeout=60)
        replicas = json.loads(answer.data)["cluster"]["replicas"]
        assert lost.name in {each["name"] for each in replicas}
        return {(each["current"] and not each.get("offline", False), each.get("lag", 0)) for each in replicas}

    assert len(under_load(cluster, lines, trouble)) == len(lines)
    until(lambda: len(cluster.held()) == 1, "the same at each")
    until(lambda: asyncio.run(copies()) == {(True, 0)}, "all copies are current")
    before = ledger(cluster)
    assert {json.loads(line)["id"] for line in lines} <= {json.loads(raw)["id"] for raw in before.values()}
    # Once it leads it is the one that answers, from what it has.
    asyncio.run(let_lead(cluster, lost))
    assert asyncio.run(told_by_the_leader(cluster, [*before])) == before
    assert cluster.leader() is lost
    for stream in ("KIB_EVENTS", "KIB_REJECTED"):
        assert f'"name": "{stream}"' in json.dumps(lost.jetstream())
