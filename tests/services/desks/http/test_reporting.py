"""Reporting by the CloudEvents HTTP binding: each mode, each status."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from services.desks.http import API_VERSION, Limits
from tests.services.desks.http.conftest import BATCHED, SOURCE, STRUCTURED, Serve, report, send
from tests.support.lines import BEGIN

BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "event-1",
    "ce-source": SOURCE,
    "ce-type": "nl.kinderen-in-beeld.v1.contact-lost",
}


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    """Check that an answer is a problem by RFC 9457, and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["api-version"] == API_VERSION
    content: dict[str, Any] = answer.json()
    assert content["status"] == status
    assert {"type", "title", "detail"} <= content.keys()
    return content


def test_a_structured_report_is_accepted_once(serve: Serve) -> None:
    client = serve().client()
    answer = send(client, report(1))
    assert (answer.status_code, answer.json()) == (201, {"fate": "accepted"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["api-version"] == API_VERSION
    assert answer.headers["location"] == f"/v1/events/{quote(SOURCE, safe='')}/event-1"
    again = send(client, report(1), f"{STRUCTURED}; charset=UTF-8")
    assert (again.status_code, again.json()) == (200, {"fate": "known"})
    assert client.get(answer.headers["location"]).json()["event"] == report(1)


def test_another_content_under_the_same_id_is_a_conflict(serve: Serve) -> None:
    client = serve().client()
    send(client, report(1))
    problem = is_problem(send(client, report(1, sector="vo")), 409)
    assert problem["fate"] == "conflict"
    assert problem["errors"][0]["field"] == "id"


def test_a_broken_report_is_rejected_with_field_and_rule_and_no_value(serve: Serve) -> None:
    client = serve().client()
    answer = send(client, report(1, sector="kindergarten", pupil="a-secret-pupil"))
    problem = is_problem(answer, 400)
    assert problem["fate"] == "rejected"
    assert problem["errors"] == [{"in": "body", "field": "data.sector", "rule": "must be one of po, so, vo, mbo"}]
    assert "kindergarten" not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"[" * 100_000, b'{"id": NaN}', b"null", b"{}" * 2])
def test_what_is_no_event_is_rejected(anyone: httpx.Client, body: bytes) -> None:
    is_problem(send(anyone, body), 400)


def test_a_kind_of_another_desk_is_forbidden(serve: Serve) -> None:
    problem = is_problem(send(serve("wij").client(), report(1)), 403)
    assert problem["fate"] == "forbidden"
    assert problem["errors"][0]["field"] == "type"


def test_a_batch_is_answered_event_by_event_in_order(serve: Serve) -> None:
    client = serve().client()
    send(client, report(1))
    closure = {**report(4), "type": "nl.kinderen-in-beeld.v1.school-registered"}
    closure["data"] = {"school": "06KR00", "sector": "po", "municipality": "GM0014", "from": "2020-01-01"} | {
        "occurredAt": BEGIN.isoformat()
    }
    batch = [report(1), report(2), report(1, sector="vo"), report(3, week="no", school="x"), closure, 7, report(2)]
    answer = send(client, batch, BATCHED)
    assert answer.status_code == 200
    content = answer.json()
    fates = [each["fate"] for each in content["answers"]]
    assert fates == ["known", "accepted", "conflict", "rejected", "forbidden", "rejected", "known"]
    assert {name: content[name] for name in set(fates)} == {
        "accepted": 1,
        "known": 2,
        "conflict": 1,
        "rejected": 2,
        "forbidden": 1,
    }
    assert content["answers"][3]["field"] == "data.school"
    assert content["answers"][5] == {"fate": "rejected", "field": "line", "rule": "must be a JSON object"}


def test_an_empty_batch_is_answered_with_nothing(anyone: httpx.Client) -> None:
    answer = send(anyone, [], BATCHED)
    assert (answer.status_code, answer.json()["answers"]) == (200, [])


@pytest.mark.parametrize("body", [b"", b"{}", b"[{]", b"[1,]", b"[" * 100_000, b"[] []"])
def test_what_is_no_batch_is_a_problem_of_the_request(anyone: httpx.Client, body: bytes) -> None:
    is_problem(send(anyone, body, BATCHED), 400)


def test_a_batch_keeps_what_was_refused_whole_and_byte_by_byte(serve: Serve) -> None:
    served = serve()
    odd = b'{ "id" :  "x",\t"source":1e5 , "n":1.0}'
    assert send(served.client(), b"[" + odd + b" , 3]", BATCHED).json()["rejected"] == 2
    assert {each.raw for each in served.desk.rejected()} == {odd, b"3"}


def test_a_batch_or_a_body_too_large_is_not_read(serve: Serve) -> None:
    client = serve(limits=Limits(batch=3, body_bytes=3000)).client()
    assert send(client, [report(n) for n in range(3)], BATCHED).json()["accepted"] == 3
    assert is_problem(send(client, [report(n) for n in range(4)], BATCHED), 413)["mostEvents"] == 3
    assert is_problem(send(client, report(9, school="x" * 3000)), 413)["mostBytes"] == 3000

    def chunks() -> Any:
        for _ in range(10):
            yield b" " * 1000

    answer = client.post("/v1/events", content=chunks(), headers={"Content-Type": BATCHED})
    assert is_problem(answer, 413)["mostBytes"] == 3000


def test_a_body_in_pieces_is_put_together(serve: Serve) -> None:
    body = json.dumps(report(1)).encode()

    def pieces() -> Any:
        for at in range(0, len(body), 7):
            yield body[at : at + 7]

    answer = serve().client().post("/v1/events", content=pieces(), headers={"Content-Type": STRUCTURED})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/cloudevents+xml", "application/cloudevents+json; charset=latin-1", "json", ";;"],
)
def test_other_media_types_are_named_as_such(anyone: httpx.Client, content_type: str) -> None:
    answer = send(anyone, report(1), content_type)
    is_problem(answer, 415)
    assert STRUCTURED in answer.headers["accept-post"]


def test_a_compressed_body_is_refused(anyone: httpx.Client) -> None:
    is_problem(send(anyone, report(1), Content_Encoding="gzip"), 415)


def test_other_methods_and_addresses_are_problems_too(anyone: httpx.Client) -> None:
    client = anyone
    answer = client.delete("/v1/events")
    is_problem(answer, 405)
    assert answer.headers["allow"] == "POST, GET, HEAD"
    for path in ("/v1/", "/v1/nothing", "/v1/events/", "/v1/events/a", "/v1/events/a/b/c", "/v1/rejected/x"):
        is_problem(client.get(path), 404)
    assert client.head("/v1/openapi.json").content == b""


def test_while_the_store_is_held_nothing_is_taken_in_and_the_sender_is_told(serve: Serve, tmp_path: Path) -> None:
    served = serve()
    client = served.client()
    send(client, report(1))
    (store,) = tmp_path.glob("school-*.sqlite")
    with sqlite3.connect(store, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        for answer in (send(client, report(2)), send(client, [report(3)], BATCHED)):
            problem = is_problem(answer, 503)
            assert problem["type"].endswith(":cannot-store")
            assert (
                problem["detail"] == "Nothing of this was taken in: the store of the desk is held by another program."
            )
            assert answer.headers["retry-after"] == "30"
        other.execute("ROLLBACK")
    assert send(client, report(2)).status_code == 201
    assert [each.id for each in served.desk.reports(SOURCE)] == ["event-1", "event-2"]


def test_a_desk_that_is_being_closed_says_so(serve: Serve) -> None:
    served = serve()
    served.desk.close()
    answer = send(served.client(), report(1))
    assert is_problem(answer, 503)["detail"] == "Nothing of this was taken in: the desk is being closed."
    assert answer.headers["retry-after"] == "1"
