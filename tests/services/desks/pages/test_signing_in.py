from __future__ import annotations

import time

import pytest

from services.desks.access import Access, AccessStore
from services.desks.access.checking import FRESH
from tests.services.desks.pages.conftest import OTHER, SOURCE, MakeSite, hidden, send
from tests.services.desks.pages.test_forms import LOST, WEEK


def make_key(keys: AccessStore, *sources: str, desk: str = "school", coordinator: bool = False) -> tuple[str, str]:
    key, secret = keys.create(desk, sources, coordinator=coordinator, now=1)
    return key.id, secret


def test_the_key_is_asked_for_once(site: MakeSite, keys: AccessStore) -> None:
    _, secret = make_key(keys, OTHER)
    served = site(access=Access(keys.path))
    with served.client() as client:
        for path in ("/", "/report/contact-lost", "/list/contact-lost"):
            assert client.get(path).headers["location"] == "/sign-in"
        assert client.post("/report/contact-lost", data=LOST).headers["location"] == "/sign-in"
        signed = send(client, "/sign-in", key=f" {secret} ")
        assert (signed.status_code, signed.headers["location"]) == (303, "/")
        cookie = signed.headers["set-cookie"]
        assert secret not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        page = client.get("/").text
        assert OTHER in page
        assert secret not in page
        assert send(client, "/report/week-reported", **WEEK, reached="all").status_code == 200
    assert served.held()[0]["source"] == OTHER


def test_a_key_that_is_not_this_desks_lets_nobody_in(site: MakeSite, keys: AccessStore) -> None:
    _, other_desk = make_key(keys, OTHER, desk="wij")
    id, revoked = make_key(keys, OTHER)
    keys.revoke(id, now=2)
    with site(access=Access(keys.path)).client() as client:
        for key in ("", "kib_nothing", other_desk, revoked):
            answer = send(client, "/sign-in", key=key)
            assert (answer.status_code, "niet geldig" in answer.text) == (403, True)
            assert not key or key not in answer.text
        assert client.get("/").headers["location"] == "/sign-in"


def test_a_key_revoked_ends_its_sessions(site: MakeSite, keys: AccessStore) -> None:
    make_key(keys, SOURCE)
    id, secret = make_key(keys, SOURCE)
    with site(access=Access(keys.path)).client() as client:
        send(client, "/sign-in", key=secret)
        assert client.get("/").status_code == 200
        keys.revoke(id, now=2)
        time.sleep(FRESH)
        assert client.get("/").headers["location"] == "/sign-in"


def test_one_signs_out(site: MakeSite, keys: AccessStore) -> None:
    _, secret = make_key(keys, SOURCE)
    with site(access=Access(keys.path)).client() as client:
        send(client, "/sign-in", key=secret)
        form = hidden(client.get("/").text)
        before = dict(client.cookies)
        assert client.post("/sign-out", data=form).status_code == 303
        client.cookies.update(before)
        assert client.get("/").headers["location"] == "/sign-in"


def test_with_several_sources_one_chooses(site: MakeSite, keys: AccessStore) -> None:
    _, secret = make_key(keys, SOURCE, OTHER)
    served = site(access=Access(keys.path))
    stranger = SOURCE.replace("meldpunt", "vreemd")
    with served.client() as client:
        send(client, "/sign-in", key=secret)
        for source in (OTHER, SOURCE, stranger):
            send(client, "/report/week-reported", **WEEK, reached="all", source=source)
    assert [event["source"] for event in served.held()] == [OTHER, SOURCE, SOURCE]


def test_a_key_without_a_source_reports_nothing(site: MakeSite, keys: AccessStore) -> None:
    _, secret = make_key(keys, coordinator=True)
    with site(access=Access(keys.path)).client() as client:
        send(client, "/sign-in", key=secret)
        assert "hoort geen organisatie bij" in client.get("/").text
        assert client.get("/report/week-reported").headers["location"] == "/"


def test_a_form_from_elsewhere_is_not_taken(site: MakeSite) -> None:
    served = site()
    sent = WEEK | {"reached": "all"}
    with served.client() as client, served.client() as other:
        ours, theirs = (hidden(each.get("/report/week-reported").text) for each in (client, other))
        refused = [
            client.post("/report/week-reported", data=sent),
            client.post("/report/week-reported", data=sent | ours | {"token": ""}),
            client.post("/report/week-reported", data=sent | theirs),
            client.post("/report/week-reported", data=sent | ours, headers={"Origin": "https://example.org"}),
            client.post("/report/week-reported", data=sent | ours, headers={"Sec-Fetch-Site": "cross-site"}),
        ]
        assert [answer.status_code for answer in refused] == [403] * 5
        assert served.held() == []
        origin = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
        assert client.post("/report/week-reported", data=sent | ours, headers=origin).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_without_access_control_only_this_machines_names_are_answered(site: MakeSite, host: str) -> None:
    with site().client() as client:
        assert client.get("/", headers={"Host": host}).status_code == 403


def test_two_desks_on_one_machine_keep_their_sessions_apart(site: MakeSite, keys: AccessStore) -> None:
    _, first = make_key(keys, SOURCE)
    _, second = make_key(keys, SOURCE, desk="wij")
    access = Access(keys.path)
    school, wij = site("school", access=access), site("wij", access=access)
    with school.client() as client:
        for served, secret in ((school, first), (wij, second)):
            form = hidden(client.get(f"{served.url}/sign-in").text)
            client.post(f"{served.url}/sign-in", data=form | {"key": secret})
        assert client.get(f"{school.url}/").status_code == client.get(f"{wij.url}/").status_code == 200
