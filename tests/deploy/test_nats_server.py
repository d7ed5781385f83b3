"""The embedded ledger: private, on loopback, and nothing acknowledged is lost when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nats
import nats.js.errors
import pytest
from nats.aio.client import Client

from deploy.nats_server import NatsServer, NatsServerError, find_binary
from deploy.streams import make_streams
from events import EVENTS_STREAM


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


async def connected(server: NatsServer) -> Client:
    address = server.address
    return await nats.connect(address.servers, user=address.user, password=address.password, allow_reconnect=False)


def test_the_binary_is_there_without_a_download() -> None:
    said = subprocess.run([str(find_binary()), "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("nats-server")


def test_it_listens_on_loopback_only_and_its_files_are_private(server: NatsServer) -> None:
    assert server.address.url.startswith("nats://127.0.0.1:")
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700
    for name in ("nats.conf", "identity.json"):
        assert stat.S_IMODE((server.directory / name).stat().st_mode) == 0o600


def test_the_password_shows_nowhere(server: NatsServer) -> None:
    password = server.address.password
    assert password
    assert len(password) >= 32
    command = subprocess.run(["ps", "-o", "args=", "-p", str(server.pid)], capture_output=True, text=True).stdout
    assert "nats-server" in command
    assert password not in command
    assert password not in repr(server.address)
    assert password not in (server.directory / "server.log").read_text()


async def test_nobody_gets_in_without_it(server: NatsServer) -> None:
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        await nats.connect(server.address.servers, allow_reconnect=False, error_cb=_ignore)


async def _ignore(error: Exception) -> None:
    pass


async def test_killed_and_started_again_it_has_its_port_and_all_that_was_acknowledged(server: NatsServer) -> None:
    address = server.address
    nc = await connected(server)
    await make_streams(nc)
    acknowledged: list[int] = []

    async def publish(number: int) -> None:
        try:
            ack = await nc.jetstream().publish("kib.events.import.contact-lost", b"%d" % number, timeout=300)
        except (nats.errors.Error, OSError):
            return
        acknowledged.append(ack.seq)

    publishing = [asyncio.create_task(publish(number)) for number in range(5000)]
    while len(acknowledged) < 500:  # noqa: ASYNC110 - killed in the middle, at no moment of ours
        await asyncio.sleep(0)
    server.kill()
    for task in publishing:
        task.cancel()
    await asyncio.gather(*publishing, return_exceptions=True)
    await nc.close()

    assert server.start() == address
    nc = await connected(server)
    state = (await nc.jetstream().stream_info(EVENTS_STREAM)).state
    assert state.messages >= len(acknowledged) >= 500
    assert state.last_seq >= max(acknowledged)
    await nc.close()


async def test_stopped_in_order_and_started_again_it_is_the_same(server: NatsServer) -> None:
    address = server.address
    nc = await connected(server)
    await make_streams(nc)
    await nc.jetstream().publish("kib.events.import.contact-lost", b"{}")
    await nc.close()
    server.stop()
    assert server.pid is None
    assert server.start() == address
    assert server.restart() == address
    nc = await connected(server)
    assert (await nc.jetstream().stream_info(EVENTS_STREAM)).state.messages == 1
    await nc.close()


async def test_what_it_stores_at_most_is_a_part_of_its_disk_and_not_of_what_is_free(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left to itself it takes three quarters of what is free when it starts: with more in store it would be stuck."""
    nc = await connected(server)
    js = nc.jetstream()
    await js.add_stream(name="S", subjects=["s"])
    for _ in range(20):
        await js.publish("s", b"x" * 100_000)
    await nc.close()
    most = json.loads((server.directory / "nats.conf").read_text())["jetstream"]["max_file_store"]
    assert most == int(0.9 * shutil.disk_usage(server.directory).total)
    for part, taken in ((1_000_000 / most, False), (0.9, True)):
        server.stop()
        monkeypatch.setattr("deploy.nats_config._PART_OF_DISK", part)
        server.start()
        nc = await connected(server)
        try:
            ack = await nc.jetstream().publish("s", b"x")
            assert (taken, ack.seq) == (True, 21)
        except nats.js.errors.ServiceUnavailableError:
            assert not taken
        await nc.close()


def test_a_server_that_outlived_its_parent_is_ended_first(server: NatsServer) -> None:
    orphan = server.pid
    assert orphan is not None
    other = NatsServer(server.directory)
    try:
        assert other.start() == server.address
        assert other.pid != orphan
        assert server.pid is None
    finally:
        other.kill()


def test_a_stranger_on_its_port_is_left_alone(server: NatsServer, tmp_path: Path) -> None:
    taken = server.address
    stranger = NatsServer(tmp_path / "other")
    server.stop()
    stranger.start()
    try:
        identity = server.directory / "identity.json"
        port = int(taken.url.rpartition(":")[2])
        other = int(stranger.address.url.rpartition(":")[2])
        identity.write_text(identity.read_text().replace(str(port), str(other)))
        again = NatsServer(server.directory)
        try:
            assert again.start().url != stranger.address.url
            assert stranger.pid is not None
        finally:
            again.kill()
    finally:
        stranger.kill()


def test_it_does_not_get_an_interrupt_typed_in_the_terminal(server: NatsServer) -> None:
    assert server.pid is not None
    assert os.getpgid(server.pid) != os.getpgid(0)
    os.kill(server.pid, 0)


def test_a_directory_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "nats" / "store").mkdir(parents=True)
    (tmp_path / "nats" / "store" / "jetstream").write_text("a file where the store should be")
    with pytest.raises(NatsServerError, match=r"ended at its start; see .*server\.log"):
        NatsServer(tmp_path / "nats").start(timeout=60)


def test_a_server_that_ends_by_itself_is_noticed(server: NatsServer) -> None:
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert server.pid is None
    server.start()
    assert server.pid not in (None, pid)
