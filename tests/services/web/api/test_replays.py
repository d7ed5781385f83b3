"""Tables of an earlier time: replayed from a real ledger, one at a time, kept as long as they hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from events import parse_instant
from projections.tables import COUNT_MEASURES, KEY
from services.api_rules import Problem
from services.system import DataDir
from services.web.api import replays as replaying
from services.web.api.replays import LedgerReplays, Replayed
from tests.support.lines import simulated
from tests.support.systems import RunningLedger
from tests.support.whole import Whole, fetch, whole

EARLY = "2020-04-10T12:00:00+02:00"
K = parse_instant(EARLY)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The whole system with a simulated history."""
    place = tmp_path_factory.mktemp("replays")
    with whole(place / "system", "up", "--port", "0", "--no-desks") as running:
        running.url = running.bring_in(simulated(11, 2_000), place / "history.ndjson")  # type: ignore[attr-defined]
        yield running


def client(system: Whole) -> httpx.Client:
    return httpx.Client(base_url=str(system.url), timeout=60)  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", ["counts", "coverage"])
@pytest.mark.parametrize("as_of", [None, EARLY])
def test_as_the_command(table: str, as_of: str | None, system: Whole) -> None:
    asked = {"pageSize": "5000"} | ({} if as_of is None else {"asOf": as_of})
    with client(system) as http:
        answer = http.get(f"/v1/{table}", params=asked | {"format": "csv"})
        assert answer.status_code == 200, answer.text
        told = http.get(f"/v1/{table}", params=asked).json()
    option = [] if as_of is None else ["--as-of", as_of]
    printed = system.run("counts", "--table", table, "--format", "csv", *option).stdout.decode()
    rows = [line.split(",") for line in answer.text.splitlines()]
    if table == "counts":  # the bounds beside the number
        assert all(row[4:6] == [row[3]] * 2 for row in rows[1:])
        rows = [row[:4] + row[6:] for row in rows]
    assert rows[1:] == [line.split(",") for line in printed.splitlines()][1:]
    assert len(rows) > 50
    assert told["position"] == fetch(f"{system.url}v1/status")["position"]  # type: ignore[attr-defined]
    if as_of is not None:
        assert parse_instant(told["asOf"]) == K


def test_all_rows_of_an_earlier_time(system: Whole) -> None:
    with client(system) as http:
        some = http.get("/v1/counts", params={"asOf": EARLY, "pageSize": "5000"}).json()["items"]
        every = http.get("/v1/counts", params={"asOf": EARLY, "allRows": "true", "pageSize": "5000"}).json()
        assert every["total"] > 4 * 4 * 355
        found = http.get(every["links"]["next"]).json()["items"] if "next" in every["links"] else []
    keys = [(row["municipality"], row["sector"], row["week"]) for row in every["items"] + found]
    assert keys == sorted(set(keys))
    counted = [row for row in every["items"] + found if any(row[name] for name in row if name not in KEY)]
    assert counted == some


def test_a_plus_sign_may_come_as_it_is(system: Whole) -> None:
    with client(system) as http:
        plainly = http.get(f"/v1/counts?asOf={EARLY}&pageSize=1")
        assert plainly.status_code == 200
        assert parse_instant(plainly.json()["asOf"]) == K
        again = http.get(plainly.json()["links"]["self"], headers={"If-None-Match": plainly.headers["etag"]})
        assert again.status_code in (200, 304)
        assert http.get(str(plainly.url), headers={"If-None-Match": plainly.headers["etag"]}).status_code == 304


async def test_kept_until_history_is_imported(ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_WAIT_SECONDS", 120)
    await ledger.store(*simulated(11, 2_000)[:200])
    async with ledger.connected() as connection:
        replays = LedgerReplays(ledger.data_dir, lambda: connection.nc)
        first, shared = await asyncio.gather(replays.known_at(K, False), replays.known_at(K, False))
        assert shared is first
        assert first.position == 200
        lost = json.loads(next(line for line in simulated(11, 2_000) if b"contact-lost" in line))
        lost["data"] |= {"pupil": "k3Jv0cZq8mYx2LwT", "municipality": "GM0363"}
        now = {name: value for name, value in lost.items() if name != "recordedtime"} | {"id": "by-a-desk"}
        # What a desk takes in is recorded now, so it is not in what was known then.
        await ledger.store(json.dumps(now).encode(), desk="school")
        assert await replays.known_at(K, False) is first
        await ledger.store(json.dumps(lost | {"id": "imported"}).encode())
        changed = await replays.known_at(K, False)
    assert changed.position == 202
    assert newly_lost(changed, "GM0363") == newly_lost(first, "GM0363") + 1


def newly_lost(replayed: Replayed, code: str) -> int:
    rows = replayed.rows("counts")
    return int(rows.numbers[rows.municipality == code, COUNT_MEASURES.index("newly_lost")].sum())


async def test_a_slow_replay_goes_on_and_is_found(ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    await ledger.store(*simulated(11, 2_000)[:50])
    async with ledger.connected() as connection:
        replays = LedgerReplays(ledger.data_dir, lambda: connection.nc)
        monkeypatch.setattr(replaying, "_WAIT_SECONDS", 0.05)
        for at in range(4):
            with pytest.raises(Problem) as slow:
                await replays.known_at(K + at, False)
            assert (slow.value.status, slow.value.kind) == (503, "replaying")
            assert slow.value.headers == ((b"retry-after", b"5"),)
        with pytest.raises(Problem) as busy:
            await replays.known_at(K + 9, False)
        assert busy.value.kind == "busy"
        monkeypatch.undo()
        monkeypatch.setattr(replaying, "_WAIT_SECONDS", 60)
        assert (await replays.known_at(K, False)).position == 50
        assert (await replays.known_at(K + 3, False)).as_of == K + 3


async def test_a_ledger_that_is_away(ledger: RunningLedger, tmp_path: Path) -> None:
    with pytest.raises(Problem) as away:
        await LedgerReplays(ledger.data_dir, lambda: None).known_at(K, False)
    assert (away.value.status, away.value.kind) == (503, "no-replay")
    async with ledger.connected() as connection:
        elsewhere = LedgerReplays(DataDir(tmp_path / "elsewhere"), lambda: connection.nc)
        with pytest.raises(Problem) as nothing:
            await elsewhere.known_at(K, False)
    assert nothing.value.kind == "no-replay"
