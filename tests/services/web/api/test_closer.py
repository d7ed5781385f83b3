"""What the pages show beside their tables, over HTTP: the same figures, to the same people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck
from jsonschema import Draft202012Validator

from projections.register.areas import members
from services.web.access import Role, Viewer
from services.web.api.openapi import describe
from tests.services.web.api.conftest import NATIONAL, PUBLIC, Api, coordinator, serving
from tests.services.web.api.test_description import CLOSER, request_of, schema
from tests.services.web.living import LivingSource, country, lost
from tests.support.examples import examples
from tests.support.live import fed_view
from tests.support.openapi import for_every_case
from tests.support.whole import until

MINE = coordinator("GM0014")
REGION = Viewer(Role.REGION, "VR01", codes=frozenset(members("VR01", 737_000, 738_000)))
SCHEMAS = {"closer": "Closer", "schools": "Schools", "settling": "Settling"}


def elsewhere(source: LivingSource) -> None:
    """What happens in another municipality."""
    for pupil in range(20, 40):
        source.tell("contact-lost", "2020-04-22", **lost(pupil, "vo", "GM0363", "househo1"))
        source.tell("contact-lost", "2020-04-01", "2020-04-20", **lost(pupil + 40, "po", "GM0034", f"house{pupil:04}"))


@pytest.fixture(scope="module")
def apis() -> Iterator[tuple[Api, Api]]:
    """Two countries that are the same in Groningen."""
    running = serving()
    serve = next(running)
    with fed_view() as one, fed_view() as two:
        sources = country(LivingSource(one)), country(LivingSource(two), also=elsewhere)
        here, there = (serve(source, source.clock, details=source.fed.path) for source in sources)
        yield here, there
        next(running, None)


def told(api: Api, path: str, viewer: Viewer = NATIONAL, **asked: Any) -> list[dict[str, Any]]:
    until(lambda: api.get(path, viewer, **asked).status_code != 503)  # the process that answers has to start
    answer = api.get(path, viewer, **asked)
    assert answer.status_code == 200, answer.text
    described = describe()
    page = described["components"]["schemas"][SCHEMAS[path]] | {"components": described["components"]}
    Draft202012Validator(page).validate(answer.json())
    return list(answer.json()["items"])


def test_an_area_as_the_page_of_now_has_it(apis: tuple[Api, Api]) -> None:
    rows = {row.pop("sector"): row for row in told(apis[0], "closer")}
    assert list(rows) == ["all", "po", "so", "vo", "mbo"]
    every = rows["all"]
    assert list(every.values()) == ["2020-W17", 6, 0, 4, None, 2, 1, 1, 2]
    assert (rows["po"]["changeSinceYesterday"], rows["vo"]["changeSinceYesterday"]) == (-1, 1)
    (one,) = told(apis[0], "closer", MINE, area="GM0014", sector="po")
    assert (one["unreached"], one["households"], one["unreachedDuring"]) == (3, 3, None)
    assert told(apis[0], "closer", MINE, area="GM0014")[0]["unreachedDuring"] == 6
    assert told(apis[0], "closer", REGION, area="VR01")[0]["households"] == 4


def test_school_by_school(apis: tuple[Api, Api]) -> None:
    rows = {row["school"]: row for row in told(apis[0], "schools", municipality="GM0014")}
    assert list(rows) == ["06KR00", "06KR01", "06KR02"]
    answered, silent = rows["06KR00"], rows["06KR01"]
    assert (answered["reported"], answered["onTime"], answered["claimedUnreached"]) == (True, True, 3)
    assert answered["lastRecorded"] == "2020-04-21T10:00:00Z"
    assert (silent["reported"], silent["silentSince"], silent["silentWeeks"]) == (False, "2020-W12", 6)
    assert [row["school"] for row in told(apis[0], "schools", municipality="GM0014", sector="vo")] == ["06KR02"]
    assert told(apis[0], "schools", municipality="GM0363") == []


def test_how_past_weeks_settled(apis: tuple[Api, Api]) -> None:
    rows = {row["week"]: row for row in told(apis[0], "settling", municipality="GM0014", sector="po")}
    assert list(rows) == ["2020-W16", "2020-W15", "2020-W14", "2020-W13", "2020-W12"]
    assert list(rows["2020-W12"].values())[2:] == [1, 1, 2, 2, 2, 2]
    assert list(rows["2020-W16"].values())[2:] == [3, None, None, None, None, 3]
    csv = apis[0].get("settling", municipality="GM0014", format="csv").text.splitlines()
    assert csv[0] == "sector,week,atItsEnd,after1Week,after2Weeks,after3Weeks,after4Weeks,now"


def test_who_does_not_see_all_of_it_is_told_nothing(apis: tuple[Api, Api]) -> None:
    refused = [
        ("closer", {}),
        ("closer", {"area": "NL"}),
        ("closer", {"area": "VR01"}),
        ("closer", {"area": "unknown"}),
    ]
    refused += [(path, {"municipality": code}) for path in ("schools", "settling") for code in ("GM0363", "unknown")]
    own = [(path, {"municipality": "GM0014"}) for path in ("schools", "settling")] + [("closer", {"area": "GM0014"})]
    for path, asked in refused:
        answers = [api.get(path, MINE, **asked) for api in apis]
        assert {answer.status_code for answer in answers} == {403}
        assert answers[0].content == answers[1].content
    for path, asked in [*refused, *own]:
        answers = [api.get(path, PUBLIC, **asked) for api in apis]
        assert {answer.status_code for answer in answers} == {403}
    for path, asked in own:
        for api in apis:
            told(api, path, MINE, **asked)
        one, two = (api.get(path, MINE, **asked) for api in apis)
        assert (one.content, one.headers["etag"]) == (two.content, two.headers["etag"])
    assert told(apis[0], "closer") != told(apis[1], "closer")


@pytest.mark.parametrize("operation", CLOSER)
def test_every_answer_is_as_described(operation: str, apis: tuple[Api, Api]) -> None:
    apis[0].door.viewer = NATIONAL

    @examples(4, suppress_health_check=list(HealthCheck))
    def is_as_described(case: Any) -> None:
        case.validate_response(apis[0].client.send(request_of(case, apis[0])))

    for_every_case(schema, operation, is_as_described)


def test_one_municipality_is_named(apis: tuple[Api, Api]) -> None:
    several: tuple[dict[str, Any], ...] = ({}, {"municipality": ["GM0014", "GM0363"]})
    for asked in several:
        answer = apis[0].get("schools", **asked)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "municipality")
