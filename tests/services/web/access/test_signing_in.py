"""Who comes in by a personal link, what that person sees, and until when."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.requests import HTTPConnection

from services.system import DataDir, Settings, WrongUsage
from services.system.clock import real_now
from services.web.access.configuring import access_of, hosts_of
from services.web.access.store import DAY
from tests.services.web.access.conftest import MINE, OTHER, OUTSIDE, Gate
from tests.services.web.test_pages import Rows

DETAILS = ("viewPosition", "ledgerPosition", "eventsBehind", "secondsBehind", "asOf")


def cell(client: httpx.Client, code: str) -> str:
    """Give the number of primary schools in the last week, as the table shows it."""
    return Rows(client.get("/gemeenten?sector=po").text).shown[code][-1].split("|")[0]


def exact_everywhere(client: httpx.Client) -> bool:
    shown = cell(client, OTHER)
    assert shown in ("3", "<5")
    return shown == "3"


def test_before_the_first_link_everyone_on_this_machine_sees_everything(gate: Gate) -> None:
    with gate().client() as client:
        page = client.get("/")
        assert "Open: alles zichtbaar" in page.text
        assert exact_everywhere(client)
        assert set(DETAILS) <= client.get("/health").json().keys()


@pytest.mark.parametrize(
    "headers",
    [
        OUTSIDE,
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "::1"},
    ],
)
def test_somebody_by_a_proxy_never_does(gate: Gate, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=gate().url, headers=headers, timeout=60) as client:
        assert not exact_everywhere(client)
        assert ">Aanmelden<" in client.get("/").text
        assert client.get("/health").json().keys() == {"ready", "reason", "clock"}


def test_nor_by_a_proxy_that_adds_nothing(gate: Gate) -> None:
    """As nginx asks unless told otherwise."""
    served = gate()
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 200 " in answer
    assert b"ledgerPosition" not in answer


def test_pages_listen_to_more_than_this_machine_only_with_signing_in(tmp_path: Path) -> None:
    for host, required in (("127.0.0.1", False), ("0.0.0.0", True)):  # noqa: S104
        with socket.socket() as listening:
            listening.bind((host, 0))
            entrance = access_of(DataDir(tmp_path), Settings(), None, listening)
            asked = HTTPConnection({"type": "http", "client": ("127.0.0.1", 1), "headers": [], "http_version": "1.1"})
            assert entrance.looking(asked).open is not required


def test_with_an_address_of_ones_own_everyone_signs_in(tmp_path: Path) -> None:
    settings = Settings.from_environment({"KINDINBEELD_PAGE_URL": "https://kind.example"})
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        entrance = access_of(DataDir(tmp_path), settings, None, listening)
    asked = HTTPConnection({"type": "http", "client": ("127.0.0.1", 1), "headers": [], "http_version": "1.1"})
    assert entrance.looking(asked).viewer.codes == frozenset()
    assert "kind.example" in hosts_of(settings)


def test_the_pages_may_be_asked_for_by_names_inside_a_network_but_these_open_nothing(tmp_path: Path) -> None:
    settings = Settings.from_environment({"KINDINBEELD_PAGE_HOSTS": "page, Page.kindinbeeld.svc,10.0.0.7"})
    assert hosts_of(settings)[-3:] == ["page", "page.kindinbeeld.svc", "10.0.0.7"]
    assert "page" not in hosts_of(Settings())
    for wrong in ("page:8787", "https://page", "*", "*.svc", ","):
        with pytest.raises(WrongUsage, match="KINDINBEELD_PAGE_HOSTS: must be names of hosts"):
            Settings.from_environment({"KINDINBEELD_PAGE_HOSTS": wrong})


def test_from_the_first_link_on_who_is_not_signed_in_sees_what_is_public(gate: Gate) -> None:
    served = gate()
    with served.client() as client:
        assert exact_everywhere(client)
        served.link()
        time.sleep(0.3)
        assert not exact_everywhere(client)
        for path in (
            "/",
            "/kaart",
            "/gemeenten",
            f"/gemeenten/{OTHER}",
            "/uitleg",
            "/v1/counts",
            "/v1/weeks",
            "/aanmelden",
        ):
            assert client.get(path).status_code == 200, path
        assert "4.321" not in client.get(f"/gemeenten/{OTHER}").text
        assert client.get("/v1/counts", params={"asOf": "2020-04-20T12:00:00Z"}).status_code == 403


def test_what_is_not_named_is_only_for_who_sees_everything(gate: Gate) -> None:
    served = gate(always=True)
    with served.client() as public, served.signed_in("region", "VR01") as region, served.signed_in() as national:
        for path in ("/nieuw", "/gemeenten/GM0014/nieuw", "/live/all", "/docs"):
            assert (public.get(path).status_code, region.get(path).status_code) == (403, 403)
            assert national.get(path).status_code == 404
        assert "Meld u aan om deze cijfers te zien" in public.get("/nieuw").text
        assert "Ooststellingwerf" not in (closed := region.get("/nieuw").text)
        assert 'href="/gemeenten/GM0014"' in closed
        assert public.get("/v1/nothing").status_code == 404


def test_who_does_not_see_everything_is_not_told_how_many_events_there_are(gate: Gate) -> None:
    served = gate(always=True)
    with served.client() as public, served.signed_in("municipality", MINE) as one, served.signed_in() as national:
        for client in (public, one):
            assert client.get("/health").json() == {"ready": True, "reason": None, "clock": "real"}
            status = client.get("/v1/status").json()
            assert {status[name] for name in ("position", "ledgerPosition", "eventsBehind", "secondsBehind")} == {None}
            counts = client.get("/v1/counts")
            assert counts.json()["position"] is None
            assert "kib-position" not in counts.headers
            assert re.search(r'<p id="lag" data-is=""></p>', client.get("/gemeenten").text)
        assert set(DETAILS) <= national.get("/health").json().keys()
        assert isinstance(national.get("/v1/status").json()["position"], int)
        assert re.search(r'<p id="lag" data-is="level">[^<]+', national.get("/gemeenten").text)


def test_behind_a_proxy_one_always_signs_in(gate: Gate) -> None:
    served = gate(always=True)
    with served.client() as client, served.signed_in("evaluator") as evaluator:
        assert not exact_everywhere(client)
        assert exact_everywhere(evaluator)


def test_a_coordinator_sees_the_own_area_exactly_until_signing_out(gate: Gate) -> None:
    served = gate()
    with served.signed_in("municipality", MINE) as client:
        assert cell(client, MINE) == "1.234"
        assert cell(client, OTHER) == "<5"
        about = client.get("/aanmelden").text
        assert "Coördinatie van een gemeente, Groningen" in about
        held = client.cookies["kib-page"]
        assert client.post("/afmelden", headers={"Origin": served.url}).status_code == 303
        client.cookies.set("kib-page", held)
        assert ">Aanmelden<" in client.get("/").text


def test_a_region_sees_its_municipalities(gate: Gate) -> None:
    with gate().signed_in("region", "VR01") as client:
        assert (cell(client, MINE), cell(client, OTHER)) == ("1.234", "3")
        assert "GM0363" in Rows(client.get("/gemeenten?sector=po").text).shown


def test_the_cookie_is_out_of_reach(gate: Gate) -> None:
    served = gate()
    secret = served.link()[1]
    with served.client() as client:
        told = served.sign_in(client, f"https://kind.example/aanmelden#{secret}").headers["set-cookie"].lower()
        assert "httponly" in told
        assert "samesite=strict" in told
        assert "secure" not in told  # http on this machine
    with httpx.Client(base_url=served.url, headers={"X-Forwarded-Proto": "https"}, timeout=60) as client:
        told = client.post("/aanmelden", data={"link": secret}, headers={"Origin": served.url}).headers["set-cookie"]
        assert "Secure" in told


def test_a_link_that_cannot_be_used_lets_nobody_in(gate: Gate) -> None:
    served = gate()
    link, secret = served.link()
    revoked, gone = served.link()
    served.links.revoke(revoked.id, now=real_now())
    wrong = secret[:-2] + ("AA" if secret[-2:] != "AA" else "BB")
    with served.client() as client:
        for given in (gone, wrong, link.id, "", "x" * 5000, "kiv_0000000000_" + "a" * 43):
            answer = served.sign_in(client, given)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
            assert not given or given not in answer.text
        served.ahead = DAY
        assert served.sign_in(client, secret).status_code == 403
        served.ahead = 0
        assert served.sign_in(client, secret).status_code == 303


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_does_nothing(gate: Gate, headers: dict[str, str]) -> None:
    served = gate()
    secret = served.link()[1]
    with served.client() as client:
        sent = ({"Origin": served.url} if "Sec-Fetch-Site" in headers else {}) | headers
        answer = client.post("/aanmelden", data={"link": secret}, headers=sent)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_session_ends_with_its_link(gate: Gate) -> None:
    served = gate()
    link, secret = served.link(days=2)
    with served.client() as one, served.client() as two:
        served.sign_in(one, secret)
        served.sign_in(two, secret)
        assert exact_everywhere(one)
        served.ahead = 2 * DAY
        assert not exact_everywhere(one)
        served.ahead = 0
        assert not exact_everywhere(one)  # what ended stays ended
        assert exact_everywhere(two)
        served.links.revoke(link.id, now=real_now())
        time.sleep(0.3)
        assert not exact_everywhere(two)


def stream_ends(client: httpx.Client, end: Callable[[], object]) -> float:
    """Open a stream and do `end`; give the seconds until the stream ended."""
    with client.stream("GET", "/live?topic=table:po") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: patch"
        end()
        began = time.monotonic()
        for _ in lines:
            pass
        return time.monotonic() - began


def test_revoking_a_link_ends_open_streams_and_what_follows_is_public(gate: Gate) -> None:
    served = gate()
    link, secret = served.link()
    with served.client() as client:
        served.sign_in(client, secret)
        version = re.search(r'data-version="([^"]+)"', client.get("/gemeenten").text)
        assert version is not None
        assert stream_ends(client, lambda: served.links.revoke(link.id, now=real_now())) < 1.5
        with client.stream("GET", f"/live?topic=table:po&version={version[1]}") as answer:
            assert next(answer.iter_lines()) == "event: layout"
        assert not exact_everywhere(client)


def test_the_first_link_ends_the_streams_of_an_open_system(gate: Gate) -> None:
    served = gate()
    with served.client() as client:
        assert stream_ends(client, served.link) < 1.5


def test_signing_out_ends_the_streams_of_that_browser(gate: Gate) -> None:
    served = gate()
    with served.signed_in() as client, served.client() as other:
        other.cookies.set("kib-page", client.cookies["kib-page"])
        took = stream_ends(client, lambda: other.post("/afmelden", headers={"Origin": served.url}))
        assert took < 1.5


def test_a_public_stream_goes_on(gate: Gate) -> None:
    served = gate(always=True)
    with served.client() as client, client.stream("GET", "/live?topic=table:po") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: patch"
        served.link()
        time.sleep(0.6)
        served.change(lambda source: setattr(source, "now", source.now + 60_000_000))
        assert any(line.startswith("event: patch") for line in lines)


def test_links_that_are_lost_or_unreadable_open_nothing(gate: Gate) -> None:
    served = gate()
    with served.signed_in() as client, served.client() as public:
        served.links.path.unlink()
        time.sleep(0.3)
        assert not exact_everywhere(client)
        assert not exact_everywhere(public)
        served.links.path.write_bytes(b"no database at all, and longer than a page header of one" * 40)
        time.sleep(0.3)
        assert public.get("/").status_code == 503
        assert public.get("/health").json() == {"ready": True, "reason": None, "clock": "real"}
        assert public.get("/health/live").status_code == 200
