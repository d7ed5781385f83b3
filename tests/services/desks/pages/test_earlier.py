"""What was reported before, on the page: whose, what became of it, and withdrawing it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from services.desks.access import Access, AccessStore
from services.desks.pages.earlier import PAGE
from tests.services.desks.pages.conftest import BSN, CHAIN, OTHER, SOURCE, MakeSite, Site, apart, hidden, send
from tests.services.desks.pages.test_forms import LOST
from tests.support.reports import report


def give(served: Site, *raws: bytes) -> None:
    """Report by another way than the page."""
    apart(lambda: asyncio.run(served.desk.accept(raws)))


def from_source(number: int, source: str = SOURCE, **data: Any) -> bytes:
    return report(f"report-{number}", source=source, **data)


def test_one_sees_what_one_reported_and_no_number(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        assert "Er is nog niets gemeld." in client.get("/reports").text
        send(client, "/report/contact-lost", **LOST)
        text = client.get("/reports").text
        (event,) = served.held()
        assert f"Kenmerk: {event['id']}" in text
        assert "Een leerling wordt niet bereikt" in text
        assert "1 april 2020, 14:05" in text
        assert "Gemeld, nog niet in het grootboek." in text
        served.desk.carried_to(1, 1)
        assert "Gemeld, staat in het grootboek." in client.get("/reports").text
        assert 'href="/reports?lang=en"' in text
        assert "Reported, in the ledger." in client.get("/reports?lang=en").text
    assert BSN not in text
    assert CHAIN.of_bsn(BSN) not in text


def test_a_report_is_withdrawn_from_its_row(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        send(client, "/report/contact-lost", **LOST)
        (event,) = served.held()
        (link,) = re.findall(r'href="(/report/report-retracted\?[^"]+)"', client.get("/reports").text)
        assert event["id"] not in link
        form = client.get(link).text
        assert f'value="{event["id"]}"' in form
        assert client.post("/report/report-retracted", data=hidden(form) | {"reference": event["id"]}).is_success
        text = client.get("/reports").text
    assert served.held()[1]["data"]["retracts"] == {"source": SOURCE, "id": event["id"]}
    # A withdrawal is not withdrawn.
    assert text.count(">Intrekken<") == 1


def test_leerplicht_withdraws_from_a_row_too(site: MakeSite) -> None:
    served = site("leerplicht")
    give(served, from_source(1))
    with served.client() as client:
        form = client.get("/report/report-retracted?report=1").text
        assert f'name="reporter" type="text" value="{SOURCE}"' in form


def test_what_was_refused_says_which_field_and_rule(site: MakeSite) -> None:
    served = site()
    for raw in (from_source(1, sector="hbo"), from_source(2), from_source(2, reason="moved")):
        give(served, raw)
    with served.client() as client:
        text = client.get("/reports").text
    assert text.index("al iets anders bekend") < text.index("Gemeld, nog niet") < text.index("Niet gemeld.")
    assert "Sector: kies een van de sectoren." in text
    assert "<code>data.sector</code> must be one of po, so, vo, mbo" in text
    assert text.count(">Intrekken<") == 1


def test_a_number_that_reads_like_a_bsn_by_chance_is_a_reference_all_the_same(site: MakeSite) -> None:
    served = site()
    give(served, report(f"no-{BSN}", source=SOURCE))
    with served.client() as client:
        assert f'value="no-{BSN}"' in client.get("/report/report-retracted?report=1").text


def test_the_newest_stand_first_and_lead_to_the_older(site: MakeSite) -> None:
    served = site()
    give(served, *(from_source(number) for number in range(2 * PAGE + 1)))
    seen: list[int] = []
    path = "/reports"
    with served.client() as client:
        while path:
            text = client.get(path).text
            seen += [int(place) for place in re.findall(r"retracted\?report=(\d+)", text)]
            path = "".join(re.findall(r'href="(/reports\?before=\d+)"', text))
            assert ("Naar de nieuwste" in text) == (len(seen) > PAGE)
        assert "Hiervoor is niets gemeld." in client.get("/reports?before=1").text
        assert client.get("/reports?before=x").text.count("<h2>") == PAGE
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 2 * PAGE + 1


def test_one_sees_nothing_of_another_organisation(site: MakeSite, keys: AccessStore) -> None:
    third = "urn:nld:kvknr:12345679:systeem:derde"
    _, secret = keys.create("school", [SOURCE, OTHER], coordinator=False, now=1)
    served = site(access=Access(keys.path))
    give(served, from_source(1), from_source(2, OTHER), from_source(3, third))
    with served.client() as client:
        assert client.get("/reports").headers["location"] == "/sign-in"
        send(client, "/sign-in", key=secret)
        text = client.get("/reports").text
        assert re.findall(r"retracted\?report=(\d+)", text) == ["2", "1"]
        assert f"Namens {OTHER}" in text
        form = client.get("/report/report-retracted?report=2").text
        assert f"<option selected>{OTHER}</option>" in form
        assert 'value="report-3"' not in client.get("/report/report-retracted?report=3").text
