"""`/v1/openapi.json` describes what the interface really does: Schemathesis asks by the description and compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from jsonschema import Draft202012Validator

from projections.evaluation import evaluate
from projections.tables import MEASURES
from services import api_rules
from services.cli.contract import contract_files
from services.simulate import simulate
from services.web import api as interface
from services.web.api.cells import rows_of_columns
from services.web.api.openapi import describe
from services.web.api.replays import Replayed
from tests.services.web.api.conftest import PUBLIC, Api, coordinator, published, serving
from tests.services.web.fake import FakeSource, nation
from tests.support.examples import examples
from tests.support.openapi import assert_sound, for_every_case, operations_of

CONFIG = {
    # A week such as 2021-W53 fits its pattern and does not exist; a moment may lie in the future.
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "406"]},
        "negative_data_rejection": {"expected-statuses": ["400", "405", "406"]},
    },
    "generation": {"deterministic": True},
}
schema = schemathesis.openapi.from_dict(describe(), config=schemathesis.Config.from_dict(CONFIG))
CLOSER = ("GET /closer", "GET /schools", "GET /settling")
ROOT = Path(__file__).parents[4]
WEEKS = ("2020-W12", "2020-W13")


class FromFile:
    """Tables of earlier times, by replay of a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def known_at(self, as_of: int, all_rows: bool) -> Replayed:
        tables = {}
        for table in MEASURES:
            columns = evaluate(self.path, as_of, table, all_rows=all_rows and table == "counts").columns
            tables[table] = rows_of_columns(table, {name: columns[name].to_pylist() for name in columns.column_names})
        return Replayed(as_of, 1, tables)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    source = nation(FakeSource(), WEEKS)
    history = tmp_path_factory.mktemp("history") / "history.ndjson"
    history.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=200)))
    running = serving()
    cells = {("GM0363", "po", "2020-W12"): 3, ("GM0363", "vo", "2020-W12"): 30}
    store = published(history.with_name("public.sqlite"), cells)
    yield next(running)(source, source.clock, public=store, replays=FromFile(history))
    next(running, None)


def request_of(case: Any, api: Api) -> httpx.Request:
    """Give what a case asks.

    Sent by httpx: the library's own sessions need urllib3, in whose place another package may stand.
    """
    asked = requests.Request(**case.as_transport_kwargs(base_url=f"{api.url}/v1")).prepare()
    body: Any = asked.body
    headers: Any = list(asked.headers.items())
    return httpx.Request(str(asked.method), str(asked.url), headers=headers, content=body)


# A closer look needs a live view, and more than a coordinator's sight: see test_closer.py.
@pytest.mark.parametrize("operation", [each for each in operations_of(schema) if each not in CLOSER])
def test_every_answer_is_as_described(operation: str, api: Api) -> None:
    api.door.viewer = coordinator("GM0014")

    @examples(8, suppress_health_check=list(HealthCheck))
    def is_as_described(case: Any) -> None:
        case.validate_response(api.client.send(request_of(case, api)))

    for_every_case(schema, operation, is_as_described)


def test_what_everyone_sees_is_as_described(api: Api) -> None:
    answer = api.get("counts", PUBLIC)
    described = describe()
    validator = Draft202012Validator(
        described["components"]["schemas"]["Counts"] | {"components": described["components"]}
    )
    validator.validate(answer.json())
    assert len(answer.json()["items"]) == 2


def test_the_description_is_what_is_served_and_published(api: Api) -> None:
    answer = api.get("openapi.json", PUBLIC)
    assert answer.json() == describe()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["api-version"] == answer.json()["info"]["version"]
    known = {"If-None-Match": answer.headers["etag"]}
    assert api.get("openapi.json", PUBLIC, headers=known).status_code == 304
    assert (ROOT / "docs" / "contract" / "openapi.json").read_text("utf-8") == contract_files()["openapi.json"]


def test_schemas_and_references_hold() -> None:
    assert_sound(describe())


def test_the_page_on_the_interface_names_every_address_parameter_and_problem() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    described = describe()
    for path, operations in described["paths"].items():
        assert f"/v1{path}" in page
        for parameter in operations["get"].get("parameters", ()):
            assert f"`{parameter['name']}`" in page, parameter["name"]
    for status in described["components"]["responses"]:
        assert f"\n| {status} |" in page
    code = "".join(
        path.read_text("utf-8")
        for part in (interface, api_rules)
        for path in Path(str(part.__file__)).parent.glob("*.py")
    )
    for kind in re.findall(r'kind="([a-z-]+)"', code):
        assert f"`{kind}`" in page, kind
