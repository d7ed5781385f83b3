"""Signing in at an issuer of OpenID Connect: a real one, on this machine, that signs with RSA."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from services.web.access.oidc import OpenId
from services.web.access.roles import RoleMap
from services.web.access.sessions import LONGEST_BY_ISSUER
from tests.services.web.access.conftest import MINE, OTHER, Gate, Gated
from tests.services.web.access.issuer import Issuer, state_in
from tests.services.web.access.test_signing_in import cell


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    """The issuer as it is at first."""
    running.algorithm, running.change = "RS256", {}
    running.claims = {"sub": "7", "name": "A. de Vries", "kindinbeeld": "municipality:GM0014"}
    running.signing = running.published[0]
    return running


@pytest.fixture
def served(gate: Gate, issuer: Issuer) -> Gated:
    return gate(oidc=lambda url: OpenId(issuer.url, issuer.client, issuer.secret, url, RoleMap("kindinbeeld")))


def there_and_back(client: httpx.Client) -> httpx.Response:
    return client.get("/aanmelden/organisatie", follow_redirects=True)


def test_somebody_signs_in_at_the_organisation(served: Gated) -> None:
    with served.client() as client:
        assert cell(client, MINE) == "1.234"
        assert cell(client, OTHER) == "<5"
        assert 'href="/aanmelden/organisatie"' in client.get("/aanmelden").text
        back = there_and_back(client)
        assert back.status_code == 200
        assert "code=" not in back.text
        assert back.headers["referrer-policy"] == "no-referrer"
        assert set(client.cookies) == {"kib-page"}
        about = client.get("/aanmelden").text
        assert "A. de Vries" in about
        assert "Coördinatie van een gemeente, Groningen" in about
        assert client.get("/v1/counts", params={"municipality": MINE, "sector": "po"}).json()["items"][-1]["households"]
        client.get(f"/gemeenten/{MINE}")
    view = served.views(1)[-1]
    assert (view.link, view.name, view.area) == ("oidc", "A. de Vries", MINE)
    with served.client() as client:
        there_and_back(client)
        served.ahead = LONGEST_BY_ISSUER
        assert ">Aanmelden<" in client.get("/").text


def test_somebody_without_a_role_sees_what_is_public(served: Gated, issuer: Issuer) -> None:
    issuer.claims = {"sub": "8", "kindinbeeld": ["something else"]}
    with served.client() as client:
        back = there_and_back(client)
        assert back.status_code == 403
        assert "geen rol gegeven" in back.text
        assert "kib-page" not in client.cookies
        assert client.get("/").status_code == 200


BAD = (
    {"iss": "https://elsewhere.example"},
    {"aud": "another"},
    {"aud": ["kind", "another"]},
    {"aud": None},
    {"nonce": "of another time"},
    {"nonce": None},
    {"exp": int(time.time()) - 3600},
    {"exp": None},
    {"iat": None},
)


def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(served: Gated, issuer: Issuer) -> None:
    for change in BAD:
        issuer.change = change
        refused(served)


@pytest.mark.filterwarnings("ignore:JWS algorithm")  # of the issuer, which signs so
@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_have_signed_lets_nobody_in(served: Gated, issuer: Issuer, algorithm: str) -> None:
    issuer.algorithm = algorithm
    refused(served)


def test_a_key_that_the_issuer_does_not_have_lets_nobody_in(served: Gated, issuer: Issuer) -> None:
    issuer.new_key(publish=False)
    refused(served)


def refused(served: Gated) -> None:
    with served.client() as client:
        back = there_and_back(client)
        assert back.status_code == 403
        assert "niet gelukt" in back.text
        assert "kib-page" not in client.cookies


def test_a_new_key_of_the_issuer_is_found(served: Gated, issuer: Issuer) -> None:
    with served.client() as client:
        assert there_and_back(client).status_code == 200
    issuer.new_key()
    with served.client() as client:
        assert there_and_back(client).status_code == 200


def test_one_browser_cannot_finish_what_another_began(served: Gated) -> None:
    """Nobody can be signed in as somebody else by a link that they follow."""
    with served.client() as one, served.client() as two:
        at_issuer = one.get("/aanmelden/organisatie").headers["location"]
        back = httpx.get(at_issuer, timeout=60).headers["location"]
        assert two.get(back).status_code == 403
        assert one.get(back).status_code == 403  # and then it is over
        state = state_in(one.get("/aanmelden/organisatie").headers["location"])
        for given in ({}, {"state": state}, {"state": state, "code": "x"}, {"state": state, "error": "access_denied"}):
            assert one.get("/aanmelden/terug", params=given).status_code == 403
        assert "kib-page" not in one.cookies


def test_an_answer_of_another_issuer_is_not_taken(served: Gated) -> None:
    with served.client() as client:
        at_issuer = client.get("/aanmelden/organisatie").headers["location"]
        back = httpx.URL(httpx.get(at_issuer, timeout=60).headers["location"])
        assert client.get(back.copy_set_param("iss", "https://elsewhere.example")).status_code == 403


def test_an_issuer_that_is_away_is_told(gate: Gate) -> None:
    served = gate(oidc=lambda url: OpenId("http://127.0.0.1:9/", "kind", None, url, RoleMap("kindinbeeld")))
    with served.client() as client:
        assert client.get("/aanmelden/organisatie").status_code == 502
        assert client.get("/").status_code == 200
