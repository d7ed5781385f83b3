"""The users of the embedded ledger: each part may do what it needs, and the real server refuses the rest."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError

from deploy.nats_address import NatsAddress
from deploy.nats_server import NatsServer
from deploy.permissions import PARTS, SERVERS
from deploy.streams import make_streams
from events import (
    ABOUT,
    DESKS,
    EVENTS_STREAM,
    KINDS,
    PUBLISHERS,
    REJECTED_STREAM,
    VIEW_CHANGED,
    event_subject,
    rejected_subject,
    resend_subject,
    resolved_subject,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("accounts") / "nats")
    server.start()

    async def prepare() -> None:
        async with connection(server.address) as (nc, _):
            await make_streams(nc)

    asyncio.run(prepare())
    yield server
    server.kill()


@asynccontextmanager
async def connection(address: NatsAddress) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection as a part, and what the server said against it."""
    said: list[str] = []

    async def hear(error: Exception) -> None:
        said.append(str(error).lower())

    nc = await nats.connect(
        address.servers,
        user=address.user,
        password=address.password,
        inbox_prefix=f"_INBOX.{address.user}",
        allow_reconnect=False,
        error_cb=hear,
    )
    try:
        yield nc, said
    finally:
        await nc.close()


async def published(server: NatsServer, part: str, subjects: list[str]) -> set[str]:
    """Which of these subjects a part may publish on: the server says of each of the others that it may not."""
    async with connection(server.parts[part]) as (nc, said):
        for subject in subjects:
            await nc.publish(subject, b"{}")
        await nc.flush()
        await asyncio.sleep(0.05)
        return {subject for subject in subjects if not any(f'"{subject.lower()}"' in each for each in said)}


EVENTS = [event_subject(desk, kind) for desk in (*DESKS, "import") for kind in KINDS]
PARTED = [event_subject(desk, kind, 3) for desk in (*DESKS, "import") for kind in ABOUT]
REJECTED = [subject(desk) for desk in (*DESKS, "import") for subject in (rejected_subject, resolved_subject)]
AGAIN = [resend_subject(desk) for desk in DESKS]
REPORTS = [f"kib.desk.{desk}.report" for desk in DESKS]
MAKING = [
    f"$JS.API.{what}.{stream}"
    for stream in (EVENTS_STREAM, REJECTED_STREAM)
    for what in ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE")
]
READING = [
    f"$JS.API.{what}.{stream}"
    for stream in (EVENTS_STREAM, REJECTED_STREAM)
    for what in ("STREAM.INFO", "STREAM.MSG.GET", "DIRECT.GET", "CONSUMER.CREATE")
]
SILENT = "kib.view.silent"
ASKED = [*READING, VIEW_CHANGED, "kib.view.status", SILENT, SERVERS]
ALL = [*EVENTS, *PARTED, *REJECTED, *REPORTS, *AGAIN, *MAKING, *ASKED]


@pytest.mark.parametrize("desk", DESKS)
async def test_a_desk_publishes_its_own_kinds_and_nothing_else(server: NatsServer, desk: str) -> None:
    kinds = [kind for kind in KINDS if desk in PUBLISHERS[kind]]
    own = {event_subject(desk, kind) for kind in kinds} | {
        event_subject(desk, kind, 3) for kind in kinds if kind in ABOUT
    }
    asks = {SILENT} if desk == "coordinator" else set()
    assert await published(server, desk, ALL) == own | {rejected_subject(desk), resolved_subject(desk)} | asks


@pytest.mark.parametrize("part", ["view", "page", "reader"])
async def test_who_looks_may_only_read(server: NatsServer, part: str) -> None:
    allowed = await published(server, part, ALL)
    assert not allowed & {*EVENTS, *PARTED, *REJECTED, *REPORTS, *AGAIN, *MAKING, SILENT}
    assert allowed >= {each for each in READING if each.endswith(EVENTS_STREAM)}
    assert (VIEW_CHANGED in allowed) == (part == "view")
    rejected = {each for each in READING if each.endswith(REJECTED_STREAM)}
    # The pages tell how that stream stands, and see nothing of what lies in it.
    asks = {"view": set(), "page": {f"$JS.API.STREAM.INFO.{REJECTED_STREAM}"}, "reader": rejected}
    assert allowed & rejected == asks[part]
    assert (SERVERS in allowed) == (part == "page")


async def test_an_import_writes_as_an_import_only(server: NatsServer) -> None:
    allowed = await published(server, "import", [*EVENTS, *PARTED, *REJECTED, *REPORTS, *AGAIN, *MAKING])
    rejected = {rejected_subject("import"), resolved_subject("import")}
    own = {event_subject("import", kind) for kind in KINDS} | {event_subject("import", kind, 3) for kind in ABOUT}
    assert allowed == rejected | own


async def test_a_reporter_reports_and_nothing_else(server: NatsServer) -> None:
    assert await published(server, "reporter", ALL) == set(REPORTS)


async def test_only_the_resender_has_desks_take_again_what_they_refused(server: NatsServer) -> None:
    assert await published(server, "resender", ALL) == {*AGAIN}


async def test_a_refusal_is_silence_to_the_publisher_and_a_word_to_the_connection(server: NatsServer) -> None:
    async with connection(server.parts["wij"]) as (nc, said):
        with pytest.raises(nats.errors.TimeoutError):
            await nc.request("kib.events.school.contact-lost", b"{}", timeout=0.3)
        assert "permissions violation" in said[0]
        with pytest.raises(nats.errors.TimeoutError):
            await nc.jetstream(timeout=0.3).stream_info(EVENTS_STREAM)


@pytest.mark.parametrize(
    "subject",
    ["kib.>", SILENT, "kib.events.>", "kib.desk.wij.report", "_INBOX.>", "_INBOX.reader.>", ">"],
)
async def test_nobody_listens_to_what_is_not_for_it(server: NatsServer, subject: str) -> None:
    async with connection(server.parts["school"]) as (nc, said):
        await nc.subscribe(subject)
        await nc.flush()
        await asyncio.sleep(0.05)
        assert "permissions violation" in said[0]


async def test_a_desk_sees_its_own_last_message_and_no_other(server: NatsServer) -> None:
    async with connection(server.parts["leerplicht"]) as (nc, _):
        ack = json.loads((await nc.request("kib.events.leerplicht.contact-lost", b"own")).data)
        found = await nc.request(f"$JS.API.DIRECT.GET.{EVENTS_STREAM}.kib.events.leerplicht.>", b"")
        assert found.data == b"own"
        assert found.headers is not None
        assert int(found.headers["Nats-Sequence"]) == ack["seq"]
        for other in ("kib.events.>", "kib.events.school.>", "kib.events.school.contact-lost"):
            with pytest.raises(nats.errors.TimeoutError):
                await nc.request(f"$JS.API.DIRECT.GET.{EVENTS_STREAM}.{other}", b"", timeout=0.2)


async def test_a_report_by_request_is_answered(server: NatsServer) -> None:
    async with connection(server.parts["school"]) as (desk, _), connection(server.parts["reporter"]) as (sender, _):

        async def answer(message: Msg) -> None:
            await message.respond(b"accepted")

        await desk.subscribe("kib.desk.school.report", cb=answer)
        await desk.flush()
        assert (await sender.request("kib.desk.school.report", b"{}", timeout=60)).data == b"accepted"
        inbox = sender.new_inbox()
        heard = await sender.subscribe(inbox)
        await sender.flush()
        await desk.publish(inbox, b"unasked")
        with pytest.raises(nats.errors.TimeoutError):
            await heard.next_msg(timeout=0.2)


async def test_only_the_set_up_erases(server: NatsServer) -> None:
    async with connection(server.address) as (nc, _):
        ack = await nc.jetstream().publish("kib.events.import.contact-lost", b"{}")
        assert await nc.jetstream().delete_msg(EVENTS_STREAM, ack.seq)
        with pytest.raises(APIError):
            await nc.jetstream().delete_msg(EVENTS_STREAM, ack.seq)


def test_every_part_has_a_password_of_its_own_that_shows_nowhere(server: NatsServer) -> None:
    parts = server.parts
    assert set(parts) == set(PARTS)
    passwords = [str(each.password) for each in (*parts.values(), server.address)]
    assert len(set(passwords)) == len(PARTS) + 1
    assert all(len(password) >= 32 for password in passwords)
    said = (server.directory / "server.log").read_text() + repr(parts) + repr(server)
    assert not [password for password in passwords if password in said]
    for file in server.directory.glob("*.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_directory_of_an_earlier_release_gets_the_users_it_lacks(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats")
    before = server.start()
    server.stop()
    file = tmp_path / "nats" / "identity.json"
    old = json.loads(file.read_text())
    del old["parts"]
    file.write_text(json.dumps(old | {"user": "kindinbeeld"}))
    again = NatsServer(tmp_path / "nats")
    try:
        address = again.start()
        assert (address.url, address.user, address.password) == (before.url, "kindinbeeld", before.password)
        async with connection(again.parts["reader"]) as (nc, _):
            await nc.flush()
        assert set(json.loads(file.read_text())["parts"]) == set(PARTS)
        kept = again.parts
        again.restart()
        assert again.parts == kept
    finally:
        again.kill()
