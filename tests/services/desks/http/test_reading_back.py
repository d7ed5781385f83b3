"""Reading back: one's own reports, and for the coordinator what was refused."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
import pytest

from tests.services.desks.http.conftest import BATCHED, NOW, OTHER_SOURCE, SOURCE, Serve, report, send
from tests.services.desks.http.test_reporting import is_problem


def test_pages_of_ones_own_reports_follow_each_other(serve: Serve) -> None:
    served = serve()
    client = served.client()
    batch = [report(n) for n in range(5)] + [report(6, sector="none"), report(7, source=OTHER_SOURCE)]
    send(client, batch, BATCHED)
    ids: list[str] = []
    page = client.get("/v1/events", params={"source": SOURCE, "limit": "4"})
    while True:
        content = page.json()
        ids += [each["id"] for each in content["items"]]
        if "next" not in content["links"]:
            break
        assert page.links["next"]["url"] == content["links"]["next"]
        page = client.get(content["links"]["next"])
    assert ids == [f"event-{n}" for n in (0, 1, 2, 3, 4, 6)]
    last = content["items"][-1]
    assert (last["fate"], last["field"], last["relayed"]) == ("rejected", "data.sector", False)
    assert content["items"][0] == {
        "position": 5,
        "source": SOURCE,
        "id": "event-4",
        "kind": "contact-lost",
        "fate": "accepted",
        "receivedAt": "2020-03-17T09:00:00Z",
        "relayed": False,
        "ledgerSequence": None,
    }
    served.desk.carried_to(4, 4)
    relayed = client.get("/v1/events", params={"source": SOURCE}).json()["items"]
    assert [each["relayed"] for each in relayed] == [True] * 4 + [False] * 2


def test_a_report_is_found_by_source_and_id_whatever_their_characters(serve: Serve) -> None:
    client = serve().client()
    for id in ("a/b", "a b?c#d", "é%2F", "x" * 64, "a'b\"<c>", "ünïcode/../x"):
        made = {**report(1, source=OTHER_SOURCE), "id": id}
        place = send(client, made).headers["location"]
        assert place == f"/v1/events/{quote(OTHER_SOURCE, safe='')}/{quote(id, safe='')}"
        answer = client.get(place)
        assert (answer.status_code, answer.json()["event"], answer.json()["id"]) == (200, made, id)
    is_problem(client.get(f"/v1/events/{quote(SOURCE, safe='')}/a%2Fb"), 404)
    is_problem(client.get("/v1/events/%ff/a"), 404)
    is_problem(client.get(f"/v1/events/{quote(SOURCE, safe='')}/a%0Ab"), 404)
    is_problem(client.get("/v1/%0A"), 404)


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "limit=0",
        "limit=501",
        "after=1&after=2",
        "after=9223372036854775808",
        "limit=٣",
        "pupil=x",
        "limit=",
        "&".join(f"a{n}=1" for n in range(99)),
    ],
)
def test_a_query_that_breaks_a_rule_is_a_problem(anyone: httpx.Client, query: str) -> None:
    is_problem(anyone.get(f"/v1/events?source={SOURCE}&{query}"), 400)


def test_whose_reports_must_be_said_where_no_key_says_it(anyone: httpx.Client) -> None:
    problem = is_problem(anyone.get("/v1/events"), 400)
    assert problem["errors"][0] == {
        "in": "query",
        "field": "source",
        "rule": "is required where the key does not say which one",
    }


def test_the_coordinator_lists_what_was_refused_and_sends_it_again(serve: Serve) -> None:
    served = serve(keys=True)
    sender, coordinator = served.client(served.key(SOURCE)), served.client(served.key(coordinator=True))
    send(sender, report(1, sector="none"))
    send(sender, b'{"id": broken')
    is_problem(sender.get("/v1/rejected"), 403)
    is_problem(sender.get("/v1/rejected/1"), 403)
    is_problem(sender.get("/v1/rejected/1/content"), 403)
    is_problem(sender.post("/v1/rejected/1/resend"), 403)

    items = coordinator.get("/v1/rejected").json()["items"]
    assert [each["field"] for each in items] == ["data.sector", "line"]
    first = items[0]
    assert (first["id"], first["resolved"], first["fate"]) == ("event-1", False, "rejected")
    place = f"/v1/rejected/{first['position']}"
    assert coordinator.get(place).json() == first
    assert coordinator.get(f"{place}/content").content == json.dumps(report(1, sector="none")).encode()

    is_problem(coordinator.post(f"{place}/resend"), 400)
    is_problem(coordinator.post(f"{place}/resend", content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    fixed = coordinator.post(
        f"{place}/resend", json=report(1), headers={"Content-Type": "application/cloudevents+json"}
    )
    assert (fixed.status_code, fixed.json()) == (201, {"fate": "accepted"})
    assert [each["field"] for each in coordinator.get("/v1/rejected").json()["items"]] == ["line"]
    everything = coordinator.get("/v1/rejected", params={"resolved": "true"}).json()["items"]
    assert [each["resolved"] for each in everything] == [True, False]
    assert sender.get(fixed.headers["location"]).json()["fate"] == "accepted"


def test_what_was_not_refused_is_not_there(serve: Serve) -> None:
    client = serve().client()
    send(client, report(1))
    for place in ("/v1/rejected/1", "/v1/rejected/0", "/v1/rejected/99", f"/v1/rejected/{2**64}", "/v1/rejected/1/x"):
        is_problem(client.get(place), 404)
    is_problem(client.post("/v1/rejected/1/resend"), 404)
    is_problem(client.get("/v1/rejected", params={"resolved": "perhaps"}), 400)


def test_nothing_is_received_in_another_time_than_utc(serve: Serve) -> None:
    served = serve()
    client = served.client()
    send(client, report(1))
    (stored,) = served.desk.reports(SOURCE)
    assert stored.received == NOW
    (item,) = client.get("/v1/events", params={"source": SOURCE}).json()["items"]
    assert item["receivedAt"].endswith("Z")
