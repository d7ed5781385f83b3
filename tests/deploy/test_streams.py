"""The streams: made once, never rewritten, and what lies in them can be erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import RetentionPolicy, StorageType
from nats.js.errors import APIError

from deploy.nats_server import NatsServer
from deploy.streams import make_streams, stream_config
from events import EVENTS_STREAM, REJECTED_STREAM


@pytest.fixture
async def nc(tmp_path: Path) -> AsyncIterator[Client]:
    server = NatsServer(tmp_path)
    address = server.start()
    client = await nats.connect(address.servers, user=address.user, password=address.password)
    yield client
    await client.close()
    server.kill()


async def test_both_are_made_and_keep_everything(nc: Client) -> None:
    assert await make_streams(nc) == (EVENTS_STREAM, REJECTED_STREAM)
    for name, subject in ((EVENTS_STREAM, "kib.events.>"), (REJECTED_STREAM, "kib.rejected.>")):
        config = (await nc.jetstream().stream_info(name)).config
        assert config.subjects == [subject]
        assert (config.storage, config.retention) == (StorageType.FILE, RetentionPolicy.LIMITS)
        assert not config.max_age
        assert (config.max_msgs, config.max_bytes) == (-1, -1)
        assert config.num_replicas == 1
        assert config.allow_direct
        assert config.allow_atomic
        assert config.allow_batched


async def test_erasing_stays_possible(nc: Client) -> None:
    await make_streams(nc)
    js = nc.jetstream()
    ack = await js.publish("kib.events.school.contact-lost", b"{}")
    assert await js.delete_msg(EVENTS_STREAM, ack.seq)
    assert await js.purge_stream(EVENTS_STREAM)


async def test_one_that_exists_is_left_as_it_is(nc: Client) -> None:
    js = nc.jetstream()
    await js.add_stream(stream_config(EVENTS_STREAM).evolve(description="of the organisation", allow_atomic=None))
    await js.publish("kib.events.school.contact-lost", b"{}")
    assert await make_streams(nc) == (REJECTED_STREAM,)
    info = await js.stream_info(EVENTS_STREAM)
    assert info.config.description == "of the organisation"
    assert not info.config.allow_atomic
    assert info.state.messages == 1


async def test_more_copies_than_servers_is_refused(nc: Client) -> None:
    with pytest.raises(APIError):
        await make_streams(nc, replicas=3)
    assert await make_streams(nc) == (EVENTS_STREAM, REJECTED_STREAM)


def test_an_older_server_is_not_asked_for_what_it_does_not_know() -> None:
    assert "allow_atomic" not in stream_config(EVENTS_STREAM, server=(2, 10)).as_dict()
    assert "allow_batched" not in stream_config(EVENTS_STREAM, server=(2, 12)).as_dict()
