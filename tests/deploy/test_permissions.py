"""The users of a ledger, embedded, of three servers with TLS and at a leaf node: each part may do what it needs, and
the real server refuses the rest."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.js.errors import APIError

from deploy.cluster import DOMAIN
from deploy.nats_address import NatsAddress
from deploy.nats_server import NatsServer
from deploy.permissions import PARTS, SERVERS, SET_UP
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
from tests.support.cluster import PATIENCE, Cluster, address_in, make_leaf

REFUSED = (nats.errors.TimeoutError, NoRespondersError)


AT_LEAF = "leerplicht"
"""The desk that speaks to the ledger by a municipality's own server."""


@dataclass(frozen=True)
class Users:
    """As whom a ledger may be spoken to, and where; `domain`: that by which its streams may be asked for too."""

    set_up: NatsAddress
    parts: dict[str, NatsAddress]
    logs: list[Path]
    domain: str | None = None
    anyone: NatsAddress | None = None
    """At a municipality's own server: who may do everything there."""

    def by_domain(self, subjects: Iterable[str]) -> set[str]:
        """Give those of these subjects that are JetStream's, as they are called by the domain; nothing without one."""
        asked = [subject for subject in subjects if subject.startswith("$JS.") and self.domain is not None]
        return {subject.replace("$JS.", f"$JS.{self.domain}.", 1) for subject in asked}

    def named(self, subject: str) -> set[str]:
        """How a server may name a subject that it refuses: before, or after one has become the other."""
        plain = subject.replace(f"$JS.{self.domain}.", "$JS.", 1)
        return {f'"{name.lower()}"' for name in {plain, *self.by_domain([plain])}}


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


@pytest.fixture(scope="module")
def at_cluster(cluster: Cluster) -> Users:
    logs = [server.place / "server.log" for server in cluster.servers]
    return Users(cluster.address(SET_UP), {part: cluster.address(part) for part in PARTS}, logs, DOMAIN)


@pytest.fixture(scope="module")
def at_leaf(cluster: Cluster, at_cluster: Users) -> Iterator[Users]:
    leaf = make_leaf(cluster, "utrecht", AT_LEAF)
    address = address_in(leaf.place / f"{AT_LEAF}.env")
    anyone = replace(address, user="anyone", password="anything")
    leaf.start()
    try:
        cluster.wait([leaf])
        logs = [*at_cluster.logs, leaf.place / "server.log"]
        yield replace(at_cluster, parts=at_cluster.parts | {AT_LEAF: address}, logs=logs, anyone=anyone)
    finally:
        leaf.kill()


@pytest.fixture(scope="module", params=["embedded", "cluster"])
def users(request: pytest.FixtureRequest) -> Users:
    """The users of the embedded server, of three servers with TLS, and of these with one desk at a leaf node."""
    if request.param == "embedded":
        server: NatsServer = request.getfixturevalue("server")
        return Users(server.address, server.parts, [server.directory / "server.log"])
    found: Users = request.getfixturevalue(f"at_{request.param}")
    return found


WHERE = ("embedded", "cluster", "leaf")
everywhere = pytest.mark.parametrize("users", WHERE, indirect=True)


@asynccontextmanager
async def connection(address: NatsAddress, inboxes: str | None = None) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection as a part, and what the server said against it."""
    said: list[str] = []

    async def hear(error: Exception) -> None:
        said.append(str(error).lower())

    nc = await nats.connect(
        address.servers,
        user=address.user,
        password=address.password,
        tls=address.tls(),
        inbox_prefix=inboxes or f"_INBOX.{address.user}",
        allow_reconnect=False,
        error_cb=hear,
    )
    try:
        yield nc, said
    finally:
        await nc.close()


async def until(told: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not await told():
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(0.02)


async def published(users: Users, who: NatsAddress, subjects: Iterable[str], least: set[str] | None = None) -> set[str]:
    """Which of these subjects somebody may publish on: those that arrive at the ledger.

    Of each of the others the server says that it may not. Where it says nothing: after `least` arrived on the same way.
    """
    wanted, arrived = {*subjects}, set[str]()

    async def look(message: Msg) -> None:
        if (subject := message.data.decode(errors="replace").strip('"')) in wanted:
            arrived.add(subject)

    async with connection(users.set_up) as (looking, _), connection(who) as (nc, said):
        await looking.subscribe(">", cb=look)
        await looking.flush()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            # Again: that somebody listens becomes known at the other servers a moment later.
            for subject in sorted(wanted - arrived):
                await nc.publish(subject, f'"{subject}"'.encode())
            await nc.flush()
            await asyncio.sleep(0.05)
            refused = {
                subject for subject in wanted if any(name in each for name in users.named(subject) for each in said)
            }
            if arrived | refused == wanted or (least is not None and arrived >= least):
                break
            assert asyncio.get_running_loop().time() < deadline, wanted - arrived - refused
        if least is not None:
            await asyncio.sleep(0.5)
        assert not arrived & refused
        return arrived


EVENTS = [event_subject(desk, kind) for desk in (*DESKS, "import") for kind in KINDS]
PARTED = [event_subject(desk, kind, 3) for desk in (*DESKS, "import") for kind in ABOUT]
REJECTED = [subject(desk) for desk in (*DESKS, "import") for subject in (rejected_subject, resolved_subject)]
AGAIN = [resend_subject(desk) for desk in DESKS]
REPORTS = [f"kib.desk.{desk}.report" for desk in DESKS]
MAKING = [
    f"$JS.API.{what}.{stream}"
    for stream in (EVENTS_STREAM, REJECTED_STREAM)
    for what in (
        *(f"STREAM.{each}" for each in ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "SNAPSHOT", "RESTORE")),
        *("STREAM.PEER.REMOVE", "STREAM.LEADER.STEPDOWN", "CONSUMER.DURABLE.CREATE"),
    )
]


def reading(*streams: str) -> list[str]:
    asked = ("STREAM.INFO", "STREAM.MSG.GET", "DIRECT.GET", "CONSUMER.CREATE")
    return [f"$JS.API.{what}.{stream}" for stream in streams for what in asked]


READING = reading(EVENTS_STREAM, REJECTED_STREAM)
SILENT, STATUS = "kib.view.silent", "kib.view.status"
ASKED = [*READING, VIEW_CHANGED, STATUS, SILENT, SERVERS]
ALL = [*EVENTS, *PARTED, *REJECTED, *REPORTS, *AGAIN, *MAKING, *ASKED]


def may_publish(desk: str) -> set[str]:
    """What a desk may publish on, of all that is."""
    kinds = [kind for kind in KINDS if desk in PUBLISHERS[kind]]
    own = {event_subject(desk, kind) for kind in kinds}
    own |= {event_subject(desk, kind, 3) for kind in kinds if kind in ABOUT}
    asks = {SILENT} if desk == "coordinator" else set()
    return own | {rejected_subject(desk), resolved_subject(desk)} | asks


@pytest.mark.parametrize(
    ("users", "desk"),
    [*((server, desk) for server in ("embedded", "cluster") for desk in DESKS), ("leaf", AT_LEAF)],
    indirect=["users"],
)
async def test_a_desk_publishes_its_own_kinds_and_nothing_else(users: Users, desk: str) -> None:
    assert await published(users, users.parts[desk], ALL) == may_publish(desk)
    assert await published(users, users.parts[desk], users.by_domain(ALL)) == set()


@pytest.mark.parametrize(
    ("part", "asked"),
    [
        ("view", [*reading(EVENTS_STREAM), VIEW_CHANGED, STATUS]),
        # The pages tell how the stream of what was rejected stands, and see nothing of what lies in it.
        ("page", [*reading(EVENTS_STREAM), f"$JS.API.STREAM.INFO.{REJECTED_STREAM}", STATUS, SERVERS]),
        ("archive", reading(EVENTS_STREAM)),
        ("reader", [*READING, STATUS]),
        ("reporter", REPORTS),
        ("resender", AGAIN),
        (
            "import",
            [
                *(event_subject("import", kind) for kind in KINDS),
                *(event_subject("import", kind, 3) for kind in ABOUT),
                *(rejected_subject("import"), resolved_subject("import")),
                *READING,
            ],
        ),
    ],
)
async def test_who_is_no_desk_may_ask_for_its_own_and_nothing_else(users: Users, part: str, asked: list[str]) -> None:
    assert await published(users, users.parts[part], ALL) == {*asked}
    assert await published(users, users.parts[part], users.by_domain(ALL)) == users.by_domain(asked)


@pytest.mark.parametrize("users", ["leaf"], indirect=True)
async def test_who_may_do_anything_at_a_server_of_its_own_comes_to_the_ledger_as_its_desk(users: Users) -> None:
    assert users.anyone is not None
    allowed = may_publish(AT_LEAF)
    assert await published(users, users.anyone, [*ALL, *users.by_domain(ALL)], allowed) == allowed
    # And hears no more than that desk does.
    heard: list[str] = []

    async def hear(message: Msg) -> None:
        heard.append(message.subject)

    async with connection(users.set_up) as (nc, _), connection(users.anyone) as (leaf, _):
        await leaf.subscribe("kib.>", cb=hear)
        await leaf.flush()
        its_own = [f"kib.desk.{AT_LEAF}.report", resend_subject(AT_LEAF)]

        async def all_of_it() -> bool:
            for subject in (*EVENTS, *REJECTED, *REPORTS, *AGAIN, VIEW_CHANGED, STATUS, SILENT, *its_own):
                await nc.publish(subject, b"{}")
            await nc.flush()
            return {*heard} >= {*its_own}

        await until(all_of_it, "what is for its desk")
        await asyncio.sleep(0.5)
        assert {*heard} == {*its_own}


async def test_a_refusal_is_silence_to_the_publisher_and_a_word_to_the_connection(users: Users) -> None:
    async with connection(users.parts["wij"]) as (nc, said):
        with pytest.raises(nats.errors.TimeoutError):
            await nc.request("kib.events.school.contact-lost", b"{}", timeout=0.3)
        assert "permissions violation" in said[0]
        with pytest.raises(nats.errors.TimeoutError):
            await nc.jetstream(timeout=0.3).stream_info(EVENTS_STREAM)


@pytest.mark.parametrize(
    "subject",
    ["kib.>", SILENT, "kib.events.>", "kib.desk.wij.report", "_INBOX.>", "_INBOX.reader.>", ">"],
)
async def test_nobody_listens_to_what_is_not_for_it(users: Users, subject: str) -> None:
    async with connection(users.parts["school"]) as (nc, said):
        await nc.subscribe(subject)
        await nc.flush()
        await asyncio.sleep(0.05)
        assert "permissions violation" in said[0]


@everywhere
async def test_a_desk_sees_its_own_last_message_and_no_other(users: Users) -> None:
    async with connection(users.parts[AT_LEAF]) as (nc, _):
        ack = json.loads((await nc.request(f"kib.events.{AT_LEAF}.contact-lost", b"own", timeout=60)).data)
        # A leaf node asks by the domain by itself.
        for api in {"$JS.API", "$JS.API" if users.domain is None or users.anyone else f"$JS.{users.domain}.API"}:

            async def last(api: str = api) -> Msg:
                return await nc.request(f"{api}.DIRECT.GET.{EVENTS_STREAM}.kib.events.{AT_LEAF}.>", b"", timeout=60)

            async def found(last: Callable[[], Awaitable[Msg]] = last) -> bool:
                # Whoever has a copy answers, and may not have it yet; another one may answer next.
                message = await last()
                headers = message.headers
                at = None if headers is None else headers.get("Nats-Sequence")
                return (at, message.data) == (str(ack["seq"]), b"own")

            await until(found, "its own last message")
            for other in ("kib.events.>", "kib.events.school.>", "kib.events.school.contact-lost"):
                with pytest.raises(REFUSED):
                    await nc.request(f"{api}.DIRECT.GET.{EVENTS_STREAM}.{other}", b"", timeout=0.2)


# From a leaf node a desk answers only at the place for its answers.
@pytest.mark.parametrize(
    ("users", "part", "below", "subject"),
    [
        *((server, "reporter", "", f"kib.desk.{AT_LEAF}.report") for server in ("embedded", "cluster")),
        *((server, "reporter", f".{AT_LEAF}", f"kib.desk.{AT_LEAF}.report") for server in WHERE),
        *((server, "resender", f".{AT_LEAF}", resend_subject(AT_LEAF)) for server in WHERE),
    ],
    indirect=["users"],
)
async def test_who_asks_a_desk_is_answered(users: Users, part: str, below: str, subject: str) -> None:
    inboxes = f"_INBOX.{part}{below}"
    async with connection(users.parts[AT_LEAF]) as (desk, said), connection(users.parts[part], inboxes) as (sender, _):

        async def answer(message: Msg) -> None:
            await message.respond(b"accepted")

        await desk.subscribe(subject, cb=answer)
        await desk.flush()

        async def answered() -> bool:
            try:
                return (await sender.request(subject, b"{}", timeout=5)).data == b"accepted"
            except NoRespondersError:
                return False  # not known at the other servers yet

        await until(answered, "the desk's answer")
        # Unasked it says nothing where answers of others are awaited.
        heard = await sender.subscribe(f"_INBOX.{part}.>")
        await sender.flush()
        elsewhere = [f"_INBOX.{part}.x", f"_INBOX.{part}.school.x", f"_INBOX.view.{AT_LEAF}.x"]
        for inbox in elsewhere:
            await desk.publish(inbox, b"unasked")
        await desk.flush()
        with pytest.raises(nats.errors.TimeoutError):
            await heard.next_msg(timeout=0.5)
        assert len(said) == len(elsewhere)


async def test_only_the_set_up_erases(users: Users) -> None:
    async with connection(users.set_up) as (nc, _):
        js = nc.jetstream(timeout=60)
        ack = await js.publish("kib.events.import.contact-lost", b"{}")
        assert await js.delete_msg(EVENTS_STREAM, ack.seq)
        with pytest.raises(APIError):
            await js.delete_msg(EVENTS_STREAM, ack.seq)


@everywhere
def test_every_part_has_a_password_of_its_own_that_shows_nowhere(users: Users) -> None:
    assert set(users.parts) == set(PARTS)
    passwords = [str(each.password) for each in (*users.parts.values(), users.set_up)]
    assert len(set(passwords)) == len(PARTS) + 1
    assert all(len(password) >= 32 for password in passwords)
    said = "".join(log.read_text() for log in users.logs) + repr(users)
    assert not [password for password in passwords if password in said]


def test_what_the_embedded_server_keeps_is_its_owners(server: NatsServer) -> None:
    assert not [str(each.password) for each in server.parts.values() if str(each.password) in repr(server)]
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
