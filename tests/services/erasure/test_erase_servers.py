"""The same where the ledger is on servers of its own: one, and a cluster of three; killed in between, and finished."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.errors import Error
from nats.js.errors import APIError

from deploy.nats_address import NatsAddress
from deploy.nats_server import NatsServer
from deploy.streams import streams_made
from events import EVENTS_STREAM, REJECTED_STREAM, event_subject
from services.ledger import connect, read_ledger
from services.system import Settings
from tests.services.erasure.test_erase import CHILD, HOME, SIBLING, tables
from tests.services.erasure.test_erase_postgres import BY_DESK, NAMES, begun, erase, filled, in_tables
from tests.services.erasure.test_erase_system import REFUSED, SETTINGS, ended, give, known, running, there
from tests.support.cluster import Cluster, part, running_cluster
from tests.support.postgres import PostgresServer
from tests.support.reports import lost
from tests.support.whole import fetch, until


@contextmanager
def elsewhere(place: Path) -> Iterator[tuple[NatsServer, dict[str, str]]]:
    """One server of somebody's own, and the settings that name it."""
    server = NatsServer(place)
    address = server.start()
    try:
        yield (
            server,
            SETTINGS
            | {
                "KINDINBEELD_NATS_URL": address.url,
                "KINDINBEELD_NATS_USER": address.user or "",
                "KINDINBEELD_NATS_PASSWORD": address.password or "",
            },
        )
    finally:
        server.kill()


async def streams(address: NatsAddress) -> tuple[dict[str, Any], bytes]:
    """How the streams are configured, and all that lies in them."""
    async with await connect(address, name="test") as ledger:
        made = await streams_made(ledger.nc)
        lying = b""
        for stream in (EVENTS_STREAM, REJECTED_STREAM):
            async for batch in read_ledger(ledger.nc, stream=stream):
                lying += b"\n".join(raw for _, _, _, raw in batch)
        return {name: each.config for name, each in made.items()}, lying


async def some_copy_missed(address: NatsAddress) -> bool:
    """Whether the servers tell that a copy of a stream is away."""
    async with await connect(address, name="test") as ledger:
        try:
            return not all(made.well for made in (await streams_made(ledger.nc)).values())
        except (Error, APIError):
            return False  # nobody leads for a moment


async def publish(address: NatsAddress, raw: bytes) -> None:
    async with await connect(address, name="test") as ledger:
        await ledger.nc.jetstream().publish(event_subject("import", "contact-lost"), raw)


def kill_once_gone(process: subprocess.Popen[bytes], directories: list[Path]) -> None:
    """Kill it in the moment in which a server has removed the old stream."""
    assert all(path.exists() for path in directories)
    before = [path.stat().st_ino for path in directories]
    while process.poll() is None:
        try:
            if [path.stat().st_ino for path in directories] != before:
                break
        except FileNotFoundError:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.timeout(400)
def test_a_ledger_on_another_server_forgets_a_pupil(tmp_path: Path, postgres: PostgresServer) -> None:
    """With desks and view in PostgreSQL, which is to follow when the ledger was finished."""
    place, url = tmp_path / "system", postgres.database()
    with elsewhere(tmp_path / "elsewhere") as (server, ledger):
        settings = ledger | {"KINDINBEELD_DATABASE": url}
        with running(place, settings) as (system, desk):
            before = filled(system, desk, tmp_path)
            assert erase(place, settings, "--pupils", "-", "--yes", whom=CHILD).returncode == 3
            # From another directory the system that runs is seen by its connections.
            seen = erase(tmp_path / "another", ledger, "--pupils", "-", "--yes", whom=CHILD)
            assert (seen.returncode, b"desk school" in seen.stderr) == (3, True), seen.stderr
        kept, lying = asyncio.run(streams(server.address))
        assert [name for name in NAMES if name.encode() in lying] == list(NAMES)

        # As a part of a system, which may not remove streams.
        reader = ledger | {"KINDINBEELD_NATS_USER": "import"}
        reader["KINDINBEELD_NATS_PASSWORD"] = server.parts["import"].password or ""
        refused = erase(tmp_path / "another", reader, "--pupils", "-", "--yes", whom=CHILD)
        assert (refused.returncode, b"only its set-up" in refused.stderr) == (3, True), refused.stderr

        # Something is written to it while it is written anew: that is called off.
        writing = begun(place, settings, "erase", "--pupils", "-", "--yes", whom=CHILD)
        until((place / "erasing" / "ledger.ndjson").stat)
        until(lambda: (place / "erasing" / "tmp").stat() and (place / "erasing" / ".ledger.ndjson.erasing").exists())
        asyncio.run(publish(server.address, lost(7)))
        out, err = writing.communicate(timeout=200)
        assert (writing.returncode, b"meanwhile" in err, out) == (1, True, b""), err
        assert not list(place.glob("erasing*"))
        assert asyncio.run(streams(server.address))[1].count(CHILD.encode()) == lying.count(CHILD.encode())

        killed = begun(place, settings, "erase", "--pupils", "-", "--yes", whom=CHILD)
        kill_once_gone(killed, list((tmp_path / "elsewhere").glob(f"store/jetstream/*/streams/{EVENTS_STREAM}")))
        assert (place / "erasing" / "ready").exists()
        assert in_tables(url) == list(NAMES)
        assert (place / "erasing").stat().st_mode & 0o777 == 0o700
        starting = begun(place, settings, "up", "--port", "0", "--no-desks")
        assert b"erase --finish" in starting.communicate(timeout=60)[1]
        nowhere = settings | {"KINDINBEELD_NATS_URL": "nats://127.0.0.1:9"}
        for wrong in (nowhere, SETTINGS):
            done = erase(place, wrong, "--finish")
            assert (done.returncode, b"another ledger" in done.stderr) == (3, True), done.stderr
        done = erase(place, settings, "--finish")
        assert done.returncode == 0, done.stderr
        assert not list(place.glob("erasing*"))
        now, lying = asyncio.run(streams(server.address))
        assert now == kept
        assert [name for name in NAMES if name.encode() in lying] == []
        assert SIBLING.encode() in lying
        assert (there(place), in_tables(url)) == ([], [])
        until(lambda: there(tmp_path / "elsewhere") == [])  # the server removes the files after it has answered
        assert erase(place, settings, "--finish").stderr.endswith(b"nothing was left half-way\n")

        proof = tmp_path / "proof.json"
        done = erase(place, settings, "--everyone", "--yes", "--proof", str(proof))
        assert done.returncode == 0, done.stderr
        proved = json.loads(proof.read_text())
        assert (proved["holds"], proved["desks_elsewhere"], proved["files_left"]) == (True, [], [])
        now, lying = asyncio.run(streams(server.address))
        assert now == kept
        assert [name for name in (SIBLING, HOME, "lost-7") if name.encode() in lying] == []
        with running(place, settings) as (system, desk):
            until(lambda: system.run("audit").returncode == 0)
            assert known(system)[:-1] == before[:-1]  # the last also has what was written in between
            assert [each["fate"] for each in give(desk, lost(2))] == ["accepted"]


@pytest.mark.timeout(400)
def test_a_ledger_of_three_servers_forgets_a_pupil(tmp_path: Path) -> None:
    place, data, far = tmp_path / "system", tmp_path / "servers", tmp_path / "far"
    for directory in (place, data, far):
        directory.mkdir()
    file = tmp_path / "history.ndjson"
    file.write_text("".join(json.dumps(each) + "\n" for each in ended()))
    with running_cluster(data, "--encrypt", "aes") as cluster:
        assert cluster.run("import", "import", file, data_dir=place).returncode == 0
        # A desk beside the command, and one with a store of its own on another machine.
        for name, where, given in (("school", place, (*BY_DESK, REFUSED)), ("leerplicht", far, (lost(5),))):
            with part(cluster, name, where, "desk", name, "--port", "0") as desk:
                url = f"{desk.url()}/"
                assert {each["fate"] for each in give(url, *given)} <= {"accepted", "rejected"}
                until(lambda url=url: fetch(f"{url}health")["backlog"] == 0)
        before = exported(cluster, tmp_path)
        as_set_up = {
            name: value for name, value in cluster.environment("setup").items() if name.startswith("KINDINBEELD_")
        }
        settings = Settings.from_environment(as_set_up)
        address = NatsAddress.parse(settings.nats_url or "", settings.nats_user, settings.nats_password)
        address = address.trusting(settings.nats_ca)
        kept, lying = asyncio.run(streams(address))
        assert {config["num_replicas"] for config in kept.values()} == {3}
        assert [name for name in NAMES if name.encode() in lying] == list(NAMES)

        cluster.servers[1].kill()
        until(lambda: asyncio.run(some_copy_missed(address)))  # the others notice within seconds
        refused = erase(place, as_set_up, "--pupils", "-", "--yes", whom=CHILD)
        assert (refused.returncode, b"not all there" in refused.stderr) == (3, True), refused.stderr
        cluster.servers[1].start()
        cluster.wait()
        for status, words in ((0, []), (1, ["--yes"])):
            told = erase(place, as_set_up, "--pupils", "-", *words, whom=CHILD)
            assert (told.returncode, b"reports of leerplicht, whose" in told.stderr) == (status, True), told.stderr

        for_good = ("--elsewhere", "leerplicht", "--yes")
        killed = begun(place, as_set_up, "erase", "--pupils", "-", *for_good, whom=CHILD)
        kill_once_gone(killed, list(data.glob(f"nats-*/jetstream/*/streams/{EVENTS_STREAM}")))
        assert (place / "erasing" / "ready").exists()
        done = erase(place, as_set_up, "--finish")
        assert done.returncode == 0, done.stderr
        assert not list(place.glob("erasing*"))
        now, lying = asyncio.run(streams(address))
        assert now == kept
        assert [name for name in NAMES if name.encode() in lying] == []
        assert there(place) == []
        assert exported(cluster, tmp_path) == before

        with part(cluster, "school", place, "desk", "school", "--port", "0") as desk:
            url = f"{desk.url()}/"
            assert [each["fate"] for each in give(url, *BY_DESK[1:], lost(2))] == ["known", "known", "accepted"]
            until(lambda: fetch(f"{url}health")["backlog"] == 0)
        assert CHILD.encode() not in asyncio.run(streams(address))[1]


def exported(cluster: Cluster, place: Path) -> list[Any]:
    """The tables as of every recorded time of the history, by what the servers hold."""
    file = place / "export.ndjson"
    done = cluster.run("reader", "export", "--output", file, data_dir=place)
    assert done.returncode == 0, done.stderr
    found = tables(file)
    file.unlink()
    return found
