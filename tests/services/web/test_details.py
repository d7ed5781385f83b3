"""What the pages show beside their tables: since yesterday, households, how long, school by school, past weeks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from projections.live.schools import School
from projections.public import Range
from projections.register.areas import members
from services.web.access import PUBLIC, Role, Viewer
from services.web.details import Area, OfArea, OfPlace, Place, Question
from services.web.municipality.closer import draw_details
from services.web.now.closer import slots_of_details
from services.web.now.figures import NOTHING
from services.web.sight import SightDetails
from tests.projections.archive.making import write
from tests.services.web.conftest import Serve, Served
from tests.services.web.living import LivingSource, country, lost
from tests.services.web.test_explained import explained
from tests.services.web.test_municipality import Tables
from tests.support.live import FedView, fed_view

GRONINGEN = Viewer(Role.MUNICIPALITY, "GM0014", "coördinator Groningen", frozenset({"GM0014"}))
REGION = Viewer(Role.REGION, "VR01", "regio Groningen", frozenset(members("VR01", 737_000, 738_000)))
SPLIT = ["2", "1", "1", "2", "6"]


@pytest.fixture
def view() -> Iterator[FedView]:
    with fed_view() as fed:
        yield fed


@pytest.fixture
def living(view: FedView) -> LivingSource:
    return country(LivingSource(view))


@pytest.fixture
def changing(serve: Serve, living: LivingSource) -> Served:
    return serve(living, details=living.fed.path)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of one server for all tests that change nothing."""
    with fed_view() as fed:
        served = Served(country(LivingSource(fed)), details=fed.path)
        served.start()
        with served.client() as client:
            yield client
        served.stop()


def eventually(client: Client, path: str, holds: Callable[[str], object]) -> str:
    """Ask for a page until something holds of it: the process that answers may have to start first."""
    deadline = time.monotonic() + 180
    while not holds(html := client.get(path).text):
        assert time.monotonic() < deadline, re.sub(r"\s+", " ", html)[-6000:]
        time.sleep(0.1)
    return html


def slot(html: str, name: str) -> str:
    found = re.search(rf'<\w+ id="{name}"[^>]*>([^<]*)<', html)
    assert found, name
    return unescape(found[1])


def households(client: Client, path: str) -> str:
    return slot(eventually(client, path, lambda html: slot(html, "h-all")), "h-all")


def split(html: str) -> dict[str, list[str]]:
    return Tables(html).tables.get("split", {})


def test_now_tells_the_change_since_yesterday_by_sector(client: Client) -> None:
    html = eventually(client, "/", lambda html: slot(html, "y-all"))
    assert slot(html, "n-all") == "6"
    assert slot(html, "y-all") == "Evenveel als gisteren"
    assert slot(html, "y-po") == "1 minder dan gisteren"
    assert slot(html, "y-vo") == "1 meer dan gisteren"
    assert slot(client.get("/?lang=en").text, "y-vo") == "1 more than yesterday"
    client.cookies.clear()


def test_a_household_in_two_sectors_and_two_municipalities_is_one(client: Client) -> None:
    html = eventually(client, "/", lambda html: slot(html, "h-all"))
    assert [slot(html, f"h-{key}") for key in ("all", "po", "vo", "so")] == [
        "In 4 huishoudens",
        "In 3 huishoudens",
        "In 2 huishoudens",
        "In 0 huishoudens",
    ]
    assert slot(client.get("/?area=VR13").text, "n-all") == "1"
    assert households(client, "/?area=VR13") == "In 1 huishouden"
    assert households(client, "/?area=GM0014") == "In 4 huishoudens"


def test_now_tells_for_how_long(client: Client) -> None:
    rows = split(eventually(client, "/", split))
    assert rows["Alle"] == SPLIT
    assert rows["Basisonderwijs"] == ["1", "1", "0", "2", "4"]
    assert rows["Voortgezet"] == ["1", "0", "1", "0", "2"]


def schools(html: str) -> dict[str, list[str]]:
    rows = Tables(html).tables.get("schools", {})
    return {name: [" ".join(text.split()) for text in texts] for name, texts in rows.items()}


def test_a_municipality_tells_which_schools_answered(client: Client) -> None:
    html = eventually(client, "/gemeenten/GM0014", schools)
    assert list(schools(html)) == ["School", "06KR01", "06KR00", "06KR02"]
    assert schools(html)["06KR01"] == ["Basisonderwijs", "nog niet", "–", "6 weken, sinds week 12"]
    assert schools(html)["06KR00"] == ["Basisonderwijs", "op tijd 21 apr", "3", ""]
    assert "Over de laatste week antwoordden 2 van 3 scholen." in html
    assert list(schools(eventually(client, "/gemeenten/GM0014?sector=vo", schools))) == ["School", "06KR02"]


def test_a_municipality_counts_once_over_its_sectors_in_the_last_week(client: Client) -> None:
    def state(html: str) -> list[str]:
        return Tables(html).tables["state"]["W17"]

    by_sector = [state(client.get(f"/gemeenten/GM0014?sector={key}").text) for key in ("po", "vo")]
    assert by_sector == [["3", "4", "2", "3"], ["2", "2", "0", "2"]]
    html = eventually(client, "/gemeenten/GM0014", lambda html: state(html)[1] != "–")
    # One household has a child in each sector.
    assert state(html) == ["5", "6", "2", "4"]
    assert Tables(html).tables["state"]["W16"][1::2] == ["–", "–"]
    assert "Een streepje: optellen over sectoren" in html
    assert "Een streepje: optellen over sectoren" not in client.get("/gemeenten/GM0014?sector=po").text
    assert "about-distinct" in html
    assert "about-during" not in html


@pytest.mark.parametrize(
    ("path", "kinds"),
    [("/", ("yesterday-all", "distinct-po", "long")), ("/gemeenten/GM0014", ("schools", "settling", "distinct"))],
)
def test_these_figures_say_what_they_follow_from_and_claim_no_audit(
    client: Client, path: str, kinds: tuple[str, ...]
) -> None:
    told = explained(client.get(path).text)
    for kind in kinds:
        text = told[f"about-{kind}"]
        assert "Stand van 22 april 2020" in text
        assert "volg" in text
        assert "De controle vergelijkt" in text
        assert "Controle: " not in text


def settled(html: str) -> dict[str, list[str]]:
    return Tables(html).tables.get("settling", {})


def test_a_municipality_tells_how_the_figure_of_a_past_week_became_known(client: Client) -> None:
    rows = settled(eventually(client, "/gemeenten/GM0014?sector=po", settled))
    assert list(rows) == ["Week", "W16", "W15", "W14", "W13", "W12"]
    assert rows["W12"] == ["1", "1", "2", "2", "2", "2", "+1"]
    assert rows["W16"] == ["3", "–", "–", "–", "–", "3", "0"]
    assert settled(eventually(client, "/gemeenten/GM0014", settled))["W13"] == ["1", "2", "2", "2", "–", "2", "+1"]


def test_an_open_page_is_told_as_it_changes(changing: Served) -> None:
    with changing.client() as client:
        eventually(client, "/", lambda html: slot(html, "h-all"))
        hold_told(client, changing)


def hold_told(client: Client, served: Served) -> None:
    with client.stream("GET", "/live?topic=now:", timeout=60) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        assert '"h-all":["In 4 huishoudens",""]' in next(lines)
        served.change(lambda source: source.tell("contact-lost", "2020-04-22", **lost(8, "po", "GM0363")))
        told = ""
        while not ("In 5 huishoudens" in told and "1 meer dan gisteren" in told and "<td>7</td>" in told):
            told += next(lines)


def test_households_say_of_how_many_pupils_they_are_when_there_are_others_by_now() -> None:
    """Under load, or on a clock that races, the number is further than what takes longer."""
    told = OfArea({}, {"all": 1, "po": 4}, {}, {"all": 6, "po": 4})
    figures = {key: replace(NOTHING, unreached=Range(4, 4)) for key in ("all", "po")}
    slots = slots_of_details(told, figures, "nl")
    assert slots["h-all"] == ("In 1 huishouden, toen het er 6 waren", "")
    assert slots["h-po"] == ("In 4 huishoudens", "")


def test_who_may_see_only_a_part_is_told_of_that_part(serve: Serve, living: LivingSource) -> None:
    with serve(living, details=living.fed.path, viewer=GRONINGEN).client() as client:
        own = eventually(client, "/gemeenten/GM0014", settled)
        assert "06KR01" in schools(own)
        assert households(client, "/?area=GM0014") == "In 4 huishoudens"
        for path in ("/", "/?area=VR01", "/?area=GM0363", "/gemeenten/GM0363"):
            html = client.get(path).text
            assert settled(html) == schools(html) == split(html) == {}
            assert "gisteren" not in html
            assert "huishoudens<" not in html
    with serve(living, details=living.fed.path, viewer=REGION).client() as client:
        assert households(client, "/?area=VR01") == "In 4 huishoudens"
        assert slot(client.get("/").text, "h-all") == ""


@pytest.mark.parametrize("viewer", [PUBLIC, GRONINGEN])
def test_what_others_are_exactly_makes_no_difference(serve: Serve, view: FedView, viewer: Viewer) -> None:
    def elsewhere(source: LivingSource) -> None:
        for pupil in range(20, 50):
            source.tell("contact-lost", "2020-04-22", **lost(pupil, "vo", "GM0363", "househo1"))
            late = lost(pupil + 40, "po", "GM0363", f"house{pupil:04}")
            source.tell("contact-lost", "2020-04-01", "2020-04-20", **late)

    with fed_view() as other:
        one, two = country(LivingSource(view)), country(LivingSource(other), also=elsewhere)
        here, there = (serve(source, details=source.fed.path, viewer=viewer) for source in (one, two))
        with here.client() as a, there.client() as b:
            if viewer is GRONINGEN:
                for client in (a, b):
                    eventually(client, "/gemeenten/GM0014", settled)
                    eventually(client, "/?area=GM0014", split)
            for path in ("/", "/?area=VR13", "/?area=GM0014", "/gemeenten/GM0363", "/gemeenten/GM0014"):
                # A page tells the address at which it is printed, port and all.
                own = r'data-version="[^"]+"|127\.0\.0\.1:\d+'
                texts = [re.sub(own, "", client.get(path).text) for client in (a, b)]
                assert texts[0] == texts[1], path


def test_past_weeks_come_from_the_archive_where_one_holds_them(
    serve: Serve, living: LivingSource, tmp_path: Path
) -> None:
    """Seen by one that says of a pupil that she was told of two weeks earlier; what is known now is the view's."""
    earlier = [line.replace("2020-04-04", "2020-03-20") if "pupil--07" in line else line for line in living.lines]
    assert earlier != living.lines
    write(tmp_path, earlier, source="ledger")
    with serve(living, details=living.fed.path, archive=tmp_path).client() as client:
        rows = settled(eventually(client, "/gemeenten/GM0014", settled))
        assert rows["W13"] == ["2", "2", "2", "2", "–", "2", "0"]
    with serve(living, details=living.fed.path, archive=tmp_path / "none").client() as client:
        assert settled(eventually(client, "/gemeenten/GM0014", settled))["W13"] == ["1", "2", "2", "2", "–", "2", "+1"]


def test_the_details_of_others_are_not_even_asked_for() -> None:
    asked: list[Question] = []

    def answer(question: Question) -> Any:
        asked.append(question)
        return OfArea({}, {}, {}, {})

    details = SightDetails(answer, frozenset({"GM0014"}))
    for question in (Area(None, ()), Area((), ()), Area(("GM0014", "GM0363"), ()), Place("GM0363", ())):
        assert details(question) is None
    assert asked == []
    assert details(Area(("GM0014",), ())) is not None


def children() -> set[int]:
    """The processes of ours that answer."""
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return {int(line.split()[0]) for line in listed.stdout.splitlines() if "services.web.details.worker" in line}


def test_a_process_that_ends_is_started_again_and_ends_with_the_server(serve: Serve, living: LivingSource) -> None:
    others = children()
    served = serve(living, details=living.fed.path)
    with served.client() as client:
        eventually(client, "/", split)
        (process,) = children() - others
        os.kill(process, signal.SIGKILL)
        served.change(lambda source: source.tell("contact-lost", "2020-04-22", **lost(8)))
        eventually(client, "/", lambda html: split(html).get("Alle", [""])[-1] == "7")
        assert process not in children()
    served.stop()
    assert children() == others


def test_before_any_closure_there_is_nothing_to_tell(serve: Serve, view: FedView) -> None:
    living = LivingSource(view)
    living.tell("contact-lost", "2020-04-20", **lost(1))
    with serve(living, details=view.path).client() as client:
        assert client.get("/").status_code == client.get("/gemeenten/GM0014").status_code == 200
        assert split(client.get("/").text) == {}


def test_a_town_of_many_schools_opens_the_rest_of_them() -> None:
    silent = School("", "po", False, False, None, None, None, "2020-W15", 3)
    told = OfPlace(schools=tuple(silent._replace(school=f"{n:02}AA00") for n in range(27)), settled={}, together=None)
    drawn = draw_details(told, "all", "en")["schools"]
    at_once, _, rest = drawn.partition("<details")
    assert (at_once.count("AA00"), rest.count("AA00")) == (25, 2)
    assert "The other 2 schools" in rest
    fewer = OfPlace(schools=told.schools[:25], settled={}, together=None)
    assert "<details" not in draw_details(fewer, "all", "nl")["schools"]
