"""`/v1/openapi.json` describes what a desk really does: Schemathesis asks by the description and compares."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from jsonschema import Draft202012Validator
from schemathesis.checks import CHECKS

from events import DESKS, KINDS, PUBLISHERS, TYPE_PREFIX
from services import api_rules
from services.desks import http
from services.desks.http import API_VERSION, Limits
from services.desks.http.openapi import describe
from tests.services.desks.http.conftest import BATCHED, SOURCE, Serve, Served, report, send
from tests.support.examples import examples
from tests.support.openapi import assert_sound, for_every_case, operations_of

CONFIG = {
    # A date such as 2020-02-31 fits its pattern; a made-up source is not the key's; a made-up id is of no report.
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "403", "404", "409"]},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "405", "409", "413", "415"]},
    },
    "generation": {"deterministic": True},
}
LIMITS = Limits(rate=1e9, burst=1e9)
schema = schemathesis.openapi.from_dict(describe("school", LIMITS), config=schemathesis.Config.from_dict(CONFIG))


@pytest.fixture
def busy(serve: Serve) -> Served:
    """A desk that asks for keys and holds a few reports and refusals; its first client has the coordinator's right."""
    served = serve(keys=True, limits=LIMITS, on_disk=False)
    client = served.client(served.key(SOURCE, coordinator=True))
    send(client, [report(1), report(2), report(3, sector="none"), report(1, sector="vo"), 7], BATCHED)
    return served


@pytest.mark.parametrize("operation", operations_of(schema))
def test_every_answer_is_as_described(operation: str, busy: Served) -> None:
    client = busy.clients[0]
    key = {"Authorization": client.headers["authorization"]}

    @examples(8, suppress_health_check=list(HealthCheck))
    def is_as_described(case: Any) -> None:
        # Sent by httpx: the library's own sessions need urllib3, in whose place another package may stand.
        asked = requests.Request(**case.as_transport_kwargs(base_url=f"{busy.url}/v1", headers=key)).prepare()
        body: Any = asked.body
        headers: Any = list(asked.headers.items())
        sent = httpx.Request(str(asked.method), str(asked.url), headers=headers, content=body)
        # Without a key is asked in the tests of keys.
        case.validate_response(client.send(sent), excluded_checks=[CHECKS.get_one("ignored_auth")])

    for_every_case(schema, operation, is_as_described)


def test_the_description_is_what_is_served_to_everyone(busy: Served) -> None:
    answer = busy.client().get("/v1/openapi.json")
    assert answer.json() == describe("school", LIMITS)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["api-version"] == answer.json()["info"]["version"] == API_VERSION


@pytest.mark.parametrize("desk", DESKS)
def test_a_desk_describes_the_kinds_that_it_takes(desk: str) -> None:
    described = describe(desk, LIMITS)
    mapping = described["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    assert set(mapping) == {TYPE_PREFIX + kind for kind in KINDS if desk in PUBLISHERS[kind]}
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    assert_sound(describe("leerplicht", LIMITS))


def test_the_page_on_the_interface_names_every_limit_address_and_problem() -> None:
    page = (Path(__file__).parents[4] / "docs" / "desks-http.md").read_text("utf-8")
    for limit in fields(Limits):
        default: Any = limit.default
        assert f"| `{limit.name}` | {int(default)} |" in page, limit.name
    described = describe("school", LIMITS)
    for path in described["paths"]:
        assert f"/v1{path}" in page
    for status in described["components"]["responses"]:
        assert f"\n| {status} |" in page
    code = "".join(
        path.read_text("utf-8") for part in (http, api_rules) for path in Path(str(part.__file__)).parent.glob("*.py")
    )
    for kind in re.findall(r'kind="([a-z-]+)"', code):
        assert f"`{kind}`" in page, kind
