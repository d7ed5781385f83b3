"""Keys: who may report, for whom, and until when."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from pathlib import Path

import httpx
import pytest

from services.desks.access import Access, AccessStore
from services.desks.access.checking import FRESH
from services.desks.http import Limits
from tests.services.desks.http.conftest import BATCHED, NOW, OTHER_SOURCE, SOURCE, Serve, report, send
from tests.services.desks.http.test_reporting import is_problem


def test_without_a_known_key_nobody_comes_in(serve: Serve) -> None:
    served = serve(keys=True)
    key = served.key(SOURCE)
    altered = key[:-1] + ("A" if key[-1] != "A" else "B")
    for wrong in (None, b"x", b"kib", altered.encode(), key.upper().encode(), key[:14].encode(), b"\xc3\xa9"):
        client = served.client()
        if wrong is not None:
            client.headers = httpx.Headers([(b"Authorization", b"Bearer " + wrong)])
        for method, path in (("POST", "/v1/events"), ("GET", "/v1/events"), ("GET", "/v1/rejected")):
            answer = client.request(method, path)
            is_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert key not in answer.text
    basic = send(served.client(), report(1), Authorization=f"Basic {key}")
    is_problem(basic, 401)
    assert served.client().get("/v1/openapi.json").status_code == 200
    assert send(served.client(), report(1), Authorization=f"bearer {key}").status_code == 201


def test_a_key_speaks_for_its_sources_only(serve: Serve) -> None:
    served = serve(keys=True)
    client, other = served.client(served.key(SOURCE)), served.client(served.key(OTHER_SOURCE, SOURCE))
    assert send(client, report(1)).status_code == 201
    problem = is_problem(send(client, report(1, source=OTHER_SOURCE)), 403)
    assert (problem["fate"], problem["errors"][0]["field"]) == ("forbidden", "source")
    batch = send(client, [report(1), report(2, source=OTHER_SOURCE)], BATCHED).json()
    assert [each["fate"] for each in batch["answers"]] == ["known", "forbidden"]
    place = send(other, report(2, source=OTHER_SOURCE)).headers["location"]
    is_problem(client.get(place), 404)
    is_problem(client.get("/v1/events", params={"source": OTHER_SOURCE}), 403)
    assert len(client.get("/v1/events").json()["items"]) == 1
    is_problem(other.get("/v1/events"), 400)
    assert len(other.get("/v1/events", params={"source": OTHER_SOURCE}).json()["items"]) == 1


def test_a_key_is_for_one_desk(serve: Serve) -> None:
    served = serve(keys=True)
    is_problem(send(served.client(served.key(SOURCE, desk="wij")), report(1)), 403)


def test_a_revoked_key_is_soon_unknown(serve: Serve) -> None:
    served = serve(keys=True)
    key, stays = served.key(SOURCE), served.key(SOURCE)
    client = served.client(key)
    assert send(client, report(1)).status_code == 201
    assert served.keys is not None
    assert served.keys.revoke(key.split("_")[1], now=NOW)
    time.sleep(2 * FRESH)
    is_problem(send(client, report(2)), 401)
    assert send(served.client(stays), report(2)).status_code == 201


def asks(access: Access) -> bool:
    return access.required


def test_the_first_key_ends_free_access_and_losing_the_file_does_not_bring_it_back(tmp_path: Path) -> None:
    store = AccessStore(tmp_path / "desks" / "access.sqlite")
    access = Access(store.path)
    assert not asks(access)
    key, secret = store.create("school", [SOURCE], coordinator=False, now=NOW)
    assert asks(access)
    assert access.key_of(secret) == key
    store.revoke(key.id, now=NOW)
    time.sleep(2 * FRESH)
    assert asks(access)
    assert access.key_of(secret) is None
    store.path.unlink()
    time.sleep(2 * FRESH)
    assert asks(access)
    assert access.key_of(secret) is None
    _, again = store.create("wij", [SOURCE], coordinator=False, now=NOW)
    assert access.key_of(again) is not None
    access.close()


def test_another_file_put_in_its_place_counts(tmp_path: Path) -> None:
    one, other = AccessStore(tmp_path / "one.sqlite"), AccessStore(tmp_path / "other.sqlite")
    _, secret = one.create("school", [SOURCE], coordinator=False, now=NOW)
    _, new = other.create("school", [SOURCE], coordinator=False, now=NOW)
    access = Access(one.path)
    assert access.key_of(secret) is not None
    other.path.replace(one.path)
    time.sleep(2 * FRESH)
    assert access.key_of(secret) is None
    assert access.key_of(new) is not None
    access.close()


def test_only_a_hash_is_kept_in_a_file_of_its_owner(tmp_path: Path) -> None:
    store = AccessStore(tmp_path / "desks" / "access.sqlite")
    before = os.umask(0)
    try:
        _, secret = store.create("school", [SOURCE], coordinator=False, now=NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert secret.split("_", 2)[2].encode() not in store.path.read_bytes()
    assert len(secret) > 50


def test_keys_that_cannot_be_read_let_nobody_in(serve: Serve) -> None:
    served = serve(keys=True)
    client = served.client(served.key(SOURCE))
    assert served.keys is not None
    served.keys.path.unlink()
    served.keys.path.write_bytes(b"not a database" * 100)
    time.sleep(2 * FRESH)
    is_problem(send(client, report(1)), 503)


@pytest.mark.parametrize(
    ("desk", "sources", "word"),
    [("import", [SOURCE], "desk"), ("school", [], "source"), ("school", ["urn:x"], "urn:nld"), ("x", [SOURCE], "desk")],
)
def test_a_key_for_what_cannot_be_is_not_made(tmp_path: Path, desk: str, sources: list[str], word: str) -> None:
    store = AccessStore(tmp_path / "access.sqlite")
    with pytest.raises(ValueError, match=word):
        store.create(desk, sources, coordinator=False, now=NOW)
    assert not store.path.exists()


def test_a_writer_at_work_holds_up_nobody(serve: Serve) -> None:
    served = serve(keys=True)
    client = served.client(served.key(SOURCE))
    assert served.keys is not None
    with sqlite3.connect(served.keys.path, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE key SET revoked = 1")
        assert send(client, report(1)).status_code == 201
        connection.execute("ROLLBACK")


def test_one_key_does_not_use_up_what_is_for_another(serve: Serve) -> None:
    served = serve(keys=True, limits=Limits(rate=0.5, burst=2))
    one, other = served.client(served.key(SOURCE)), served.client(served.key(SOURCE))
    assert send(one, [report(n) for n in range(4)], BATCHED).json()["accepted"] == 4
    answer = send(one, report(9))
    assert is_problem(answer, 429)["type"].endswith(":too-many")
    assert 3 <= int(answer.headers["retry-after"]) <= 4
    assert send(other, report(9)).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "desk.example.nl"},
        {"Host": "127.0.0.1.example.nl"},
        {"Origin": "https://example.nl"},
        {"Origin": "null"},
    ],
)
def test_without_keys_a_page_from_elsewhere_gets_nowhere(serve: Serve, headers: dict[str, str]) -> None:
    client = serve().client()
    send(client, {**report(1), "data": {}})
    for method, path in (("GET", "/v1/rejected"), ("POST", "/v1/rejected/1/resend"), ("POST", "/v1/events")):
        problem = is_problem(client.request(method, path, headers=headers), 403)
        assert problem["type"].endswith(":loopback-only")
    assert client.get("/v1/rejected", headers={"Origin": "http://localhost:8787"}).status_code == 200
