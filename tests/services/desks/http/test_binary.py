"""Binary mode: attributes in headers, the data as the body."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import parse_event
from services.api_rules import Problem
from services.desks.http.binding import Mode, from_binary, mode_of
from tests.services.desks.http.conftest import SOURCE, Serve, report, send

DATA = report(1)["data"]
HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "event-1",
    "ce-source": SOURCE,
    "ce-type": "nl.kinderen-in-beeld.v1.contact-lost",
}


def post(client: Any, changes: dict[str, str] | None = None, body: bytes | None = None) -> Any:
    return client.post(
        "/v1/events",
        content=json.dumps(DATA).encode() if body is None else body,
        headers={"Content-Type": "application/json", **HEADERS, **(changes or {})},
    )


def test_a_report_in_binary_mode_is_the_same_as_in_structured_mode(serve: Serve) -> None:
    client = serve().client()
    answer = post(client, {"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == 201
    same = {**report(1), "datacontenttype": "application/json"}
    assert send(client, same).json() == {"fate": "known"}
    assert client.get(answer.headers["location"]).json()["event"] == same


def test_values_are_percent_decoded_once(serve: Serve) -> None:
    client = serve().client()
    answer = post(client, {"ce-id": "Euro%20%E2%82%AC%20%f0%9f%98%80%2541", "ce-note": '"a \\"b\\" %31"'})
    assert answer.status_code == 201
    event = client.get(answer.headers["location"]).json()["event"]
    assert event["id"] == "Euro € 😀%41"
    assert event["note"] == 'a "b" 1'


@pytest.mark.parametrize("broken", ["%C0%A0", "%ff", '"open', '"a"b"', "tab\tin", b"\xe2\x82\xac"])
def test_values_that_cannot_be_decoded_are_refused_without_repeating_them(
    anyone: httpx.Client, broken: str | bytes
) -> None:
    answer = anyone.post(
        "/v1/events",
        content=json.dumps(DATA),
        headers=[
            (b"Content-Type", b"application/json"),
            *((name.encode(), value.encode()) for name, value in HEADERS.items() if name != "ce-id"),
            (b"ce-id", broken if isinstance(broken, bytes) else broken.encode()),
        ],
    )
    assert answer.status_code == 400
    assert "ce-id" in answer.json()["detail"]
    assert (broken if isinstance(broken, str) else broken.decode()) not in answer.text


@pytest.mark.parametrize("name", ["ce-data", "ce-datacontenttype", "ce-data_base64", "ce-a.b", "ce-"])
def test_headers_that_are_no_attributes_are_refused(anyone: httpx.Client, name: str) -> None:
    answer = post(anyone, {name: "x"})
    assert answer.status_code == 400
    assert "x" not in answer.json()["detail"].split()


def test_an_attribute_given_twice_is_refused(anyone: httpx.Client) -> None:
    headers = [("Content-Type", "application/json"), *HEADERS.items(), ("CE-ID", "event-2")]
    answer = anyone.post("/v1/events", content=json.dumps(DATA), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The header ce-id is given twice."


def test_an_attribute_that_lacks_is_named_by_the_desk(anyone: httpx.Client) -> None:
    client = anyone
    headers = {name: value for name, value in HEADERS.items() if name != "ce-source"}
    answer = client.post("/v1/events", json=DATA, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"in": "body", "field": "source", "rule": "is required"}]


def test_json_without_attributes_is_no_event_and_is_not_kept(serve: Serve) -> None:
    served = serve()
    answer = served.client().post("/v1/events", json=report(1))
    assert answer.status_code == 400
    assert answer.json()["type"].endswith(":not-an-event")
    assert served.desk.rejected() == []


def test_a_line_break_in_a_value_goes_nowhere(anyone: httpx.Client) -> None:
    """Decoded, it would be a header of its own in the answer's Location, or a line of its own in a log."""
    client = anyone
    answer = post(client, {"ce-id": "a%0D%0ASet-Cookie:%20b=c"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "id"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [b'{}, "source": "urn:nld:kvknr:12345678:systeem:x"', b'{}}, {"id":"2"', b"{", b"", b"\xff\xfe", b"7", b'"}"'],
)
def test_a_body_cannot_break_out_of_the_data(serve: Serve, body: bytes) -> None:
    served = serve()
    answer = post(served.client(), body=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "data"
    (kept,) = served.desk.rejected()
    assert (kept.source, kept.id) == (SOURCE, "event-1")


@given(
    st.dictionaries(
        st.from_regex(r"ext[a-z0-9]{1,10}", fullmatch=True),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1),
        max_size=4,
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=64),
)
def test_every_attribute_that_a_sender_encodes_comes_back(extras: dict[str, str], id: str) -> None:
    given_ = {**HEADERS, "ce-id": id, **{f"ce-{name}": value for name, value in extras.items()}}
    headers = [
        (name.encode(), quote(value, safe="!#$&'()*+,-./:;<=>?@[]^_`{|}~").encode()) for name, value in given_.items()
    ]
    event = parse_event(from_binary(headers, json.dumps(DATA).encode()))
    assert event.id == id
    assert event.__pydantic_extra__ == extras


@given(st.binary(max_size=60), st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=20)), max_size=4))
def test_whatever_comes_in_is_one_json_object_or_a_problem(body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    named = [(b"ce-" + name, value) for name, value in headers]
    try:
        made = from_binary(named, body)
    except Problem as problem:
        status = problem.status
    else:
        status = 0
        assert json.loads(made)["datacontenttype"] == "application/json"
    assert status in (0, 400)


@pytest.mark.parametrize(
    ("content_type", "mode"),
    [
        (b"application/json", Mode.BINARY),
        (b' Application/JSON ;charset="UTF-8" ; x=y', Mode.BINARY),
        (b"application/cloudevents-batch+json;charset=utf8;", Mode.BATCHED),
        (b"application/cloudevents+json; charset=utf-16", None),
        (b"application/json; charset", None),
        (b"application/cloudevents", None),
        (b"\xff/json", None),
    ],
)
def test_media_types(content_type: bytes, mode: Mode | None) -> None:
    assert mode_of(content_type) is mode
