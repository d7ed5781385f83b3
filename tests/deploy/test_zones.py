"""No two copies of the ledger lie in one zone: real servers with zones, asked where the copies are."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from services.ledger import connect
from tests.support.cluster import Cluster, running_cluster

ZONES = ["east", "east", "west", "west", "north"]


async def copies(cluster: Cluster) -> dict[str, list[str]]:
    """The servers that have a copy of each stream, as the ledger tells it."""
    async with await connect(cluster.address("setup"), name="test") as opened:

        async def told(stream: str) -> dict[str, Any]:
            answer = await opened.nc.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=60)
            found: dict[str, Any] = json.loads(answer.data)["cluster"]
            return found

        found = {stream: await told(stream) for stream in ("KIB_EVENTS", "KIB_REJECTED")}
        return {stream: [one["leader"], *(each["name"] for each in one["replicas"])] for stream, one in found.items()}


def test_each_copy_of_a_stream_is_in_a_zone_of_its_own(tmp_path: Path) -> None:
    with running_cluster(tmp_path, zones=ZONES) as cluster:
        zone = dict(zip((server.name for server in cluster.servers), ZONES, strict=True))
        for stream, servers in asyncio.run(copies(cluster)).items():
            assert sorted(zone[server] for server in servers) == ["east", "north", "west"], stream
            # And these have it on their disks.
            held = {
                server.name for server in cluster.servers if f'"name": "{stream}"' in json.dumps(server.jetstream())
            }
            assert held == {*servers}


def test_zones_that_do_not_suffice_are_told_of(tmp_path: Path) -> None:
    with running_cluster(tmp_path, zones=["east", "west", "north"], streams=False) as cluster:
        # By hand: `cluster config` refuses it. Of servers that are away it knows nothing, the servers do.
        *_, last = cluster.servers
        last.kill()
        file = last.place / "nats.conf"
        file.write_text(file.read_text("utf-8").replace("zone:north", "zone:east"), "utf-8")
        last.start()
        cluster.wait()
        refused = cluster.run("setup", "cluster", "streams", data_dir=tmp_path / "none")
        assert refused.returncode == 3
        assert b"3 copies, each in a zone of its own, do not fit" in refused.stderr
        # With its zone, they are made.
        last.kill()
        file.write_text(file.read_text("utf-8").replace("zone:east", "zone:north"), "utf-8")
        last.start()
        cluster.wait()
        made = cluster.run("setup", "cluster", "streams", data_dir=tmp_path / "none")
        assert made.returncode == 0, made.stderr
        for servers in asyncio.run(copies(cluster)).values():
            assert {*servers} == {server.name for server in cluster.servers}
