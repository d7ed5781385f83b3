from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from events import DESKS, PUBLISHERS, parse_event
from services.desks.pages.fields import FORMS, forms_of
from tests.services.desks.pages.conftest import ANOTHER_BSN, BSN, CHAIN, OTHER, SOURCE, MakeSite, hidden, send

LOST = {
    "bsn": BSN,
    "occurred_at": "2020-03-30T09:00",
    "school": "06kr00",
    "sector": "po",
    "municipality": "GM0014",
    "reason": "no-device",
}
WEEK = {"school": "06KR00", "sector": "po", "week": "2020-W14"}


def test_a_pupil_is_reported_under_a_pseudonym_only(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        answer = send(client, "/report/contact-lost", **LOST)
    assert answer.status_code == 200
    assert "Gemeld" in answer.text
    (event,) = served.held()
    assert event["id"] in answer.text
    assert event["source"] == SOURCE
    assert event["data"] == {
        "pupil": CHAIN.of_bsn(BSN),
        "occurredAt": "2020-03-30T09:00:00+02:00",
        "school": "06KR00",
        "sector": "po",
        "municipality": "GM0014",
        "reason": "no-device",
    }
    parse_event(served.desk.report(SOURCE, event["id"]).raw)  # type: ignore[union-attr]


def test_the_number_is_nowhere(site: MakeSite, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    served = site()
    with served.client() as client:
        pages = [
            send(client, "/report/contact-lost", **LOST),
            send(client, "/report/contact-lost", **LOST | {"sector": ""}),
            send(client, "/report/contact-lost", **LOST | {"bsn": "111222334"}),
            send(client, "/report/contact-lost", **LOST | {"bsn": "", "local_number": "A-77/1", "issuer": "?"}),
            send(client, "/report/contact-lost", **LOST | {"household": "A-77/1", "household_issuer": "?"}),
            send(client, "/list/contact-lost", b"bsn\n111222333\n"),
            send(client, "/list/contact-lost", b"111222333;06KR00\n"),
        ]
    assert [page.status_code for page in pages] == [200, 400, 400, 400, 400, 400, 400]
    for number in ("111222333", "111222334", "A-77/1"):
        assert number not in "".join(page.text for page in pages)
        assert number not in caplog.text
        for path in tmp_path.rglob("*"):
            assert not path.is_file() or number.encode() not in path.read_bytes()


def test_sent_twice_is_reported_once(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        form = hidden(client.get("/report/contact-lost").text)
        first = client.post("/report/contact-lost", data=form | LOST)
        second = client.post("/report/contact-lost", data=form | LOST)
        other = client.post("/report/contact-lost", data=form | LOST | {"reason": "moved"})
    assert "Dit was al gemeld" in second.text
    assert first.status_code == second.status_code == 200
    assert len(served.held()) == 1
    assert other.status_code == 400
    assert "al iets anders gemeld" in other.text
    assert hidden(other.text)["id"] != form["id"]


def test_what_was_filled_in_stays_but_for_the_number(site: MakeSite) -> None:
    with site().client() as client:
        answer = send(client, "/report/contact-lost", **LOST | {"school": "6KR"})
    assert answer.status_code == 400
    assert 'value="6KR"' in answer.text
    assert '<option value="GM0014" selected>' in answer.text
    assert "vul het opnieuw in" in answer.text
    assert 'href="#f-school"' in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bsn": ""}, "BSN: vul dit in."),
        ({"bsn": "111222334"}, "elfproef"),
        ({"local_number": "12"}, "niet allebei"),
        ({"bsn": "", "local_number": "12"}, "Uitgever van het lokale nummer: 2 tot 20"),
        ({"bsn": "", "local_number": BSN, "issuer": "06KR00"}, "geen BSN"),
        ({"occurred_at": ""}, "Wanneer: vul dit in."),
        ({"occurred_at": "2020-02-30T10:00"}, "geen bestaande dag en tijd"),
        ({"occurred_at": "2020-03-29T02:30"}, "geen bestaande dag en tijd"),
        ({"occurred_at": "2020-04-01T15:00"}, "in de toekomst"),
        ({"school": "zes"}, "BRIN en vestiging, vier tekens"),
        ({"sector": "hbo"}, "kies een van de sectoren"),
        ({"municipality": "Atlantis"}, "niet in het register"),
        ({"reason": "boos"}, "kies een van de redenen"),
        ({"household": "17"}, "Uitgever van het gezinsnummer: 2 tot 20"),
        ({"household_issuer": "GM0014"}, "Nummer van het gezin: vul dit in."),
        ({"household": BSN, "household_issuer": "GM0014"}, "Nummer van het gezin: letters, cijfers"),
        ({"household": "17", "household_issuer": BSN}, "hier hoort geen BSN"),
        ({"household": "de Vries", "household_issuer": ""}, "Uitgever van het gezinsnummer"),
        ({"household": "Müller", "household_issuer": "GM0014"}, "Nummer van het gezin: letters, cijfers"),
    ],
)
def test_each_field_says_what_is_wrong(site: MakeSite, changes: dict[str, str], said: str) -> None:
    served = site()
    with served.client() as client:
        answer = send(client, "/report/contact-lost", **LOST | changes)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert served.held() == []


@pytest.mark.parametrize("written", [BSN, "1112.22.333", "bij 111 222 333"])
@pytest.mark.parametrize(
    ("kind", "field"), [("device-lent", "lender"), ("device-lent", "issuer"), ("contact-lost", "school")]
)
def test_a_number_in_the_wrong_place_goes_nowhere(site: MakeSite, written: str, kind: str, field: str) -> None:
    served = site()
    fields = LOST | {"device": "tablet", "bsn": "", "local_number": "17", "issuer": "06KR00", field: written}
    with served.client() as client:
        answer = send(client, f"/report/{kind}", **fields)
    assert answer.status_code == 400
    assert "hier hoort geen BSN" in answer.text
    assert written not in answer.text
    assert served.held() == []


def test_a_local_number_is_another_child_than_any_bsn(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        send(client, "/report/contact-lost", **LOST | {"bsn": "", "local_number": "12 34", "issuer": "06kr00"})
    assert served.held()[0]["data"]["pupil"] == CHAIN.of_local("1234", "06KR00")


def test_children_of_a_household_share_it_over_schools(site: MakeSite) -> None:
    served = site()
    family = {"household": "g-0017", "household_issuer": "gm0014"}
    with served.client() as client:
        text = client.get("/report/contact-lost").text
        assert "Welk gezin?" in text
        assert "gezinsnummer van de gemeente" in text
        assert "Welk gezin?" not in client.get("/report/contact-restored").text
        send(client, "/report/contact-lost", **LOST | family)
        sister = LOST | {"bsn": ANOTHER_BSN, "school": "07KR00", "household": " G-0017"}
        send(client, "/report/contact-lost", **sister | {"household_issuer": "GM0014"})
        send(client, "/report/contact-lost", **LOST | {"reason": "moved"})
    one, other, none = (event["data"] for event in served.held())
    assert one["household"] == other["household"] == CHAIN.of_household("G-0017", "GM0014")
    assert one["household"] not in (one["pupil"], other["pupil"], CHAIN.of_local("G-0017", "GM0014"))
    assert "household" not in none


def test_a_visit_that_met_the_pupil_restores_contact(site: MakeSite) -> None:
    served = site("wij")
    with served.client() as client:
        fields = {"bsn": ANOTHER_BSN, "occurred_at": "2020-04-01T10:00", "sector": "vo", "outcome": "contact"}
        answer = send(client, "/report/door-visit", **fields)
    assert "ook als hersteld gemeld" in answer.text
    visit, restored = served.held()
    assert visit["data"]["visitor"] == "wij"
    assert restored["type"].endswith("contact-restored")
    assert restored["data"]["pupil"] == visit["data"]["pupil"] == CHAIN.of_bsn(ANOTHER_BSN)


@pytest.mark.parametrize(
    ("fields", "claim"),
    [({"reached": "all"}, 0), ({"reached": "some", "unreached": "3"}, 3), ({"reached": "all", "unreached": "3"}, 0)],
)
def test_a_school_answers_for_its_week(site: MakeSite, fields: dict[str, str], claim: int) -> None:
    served = site()
    with served.client() as client:
        answer = send(client, "/report/week-reported", **WEEK, **fields)
    assert answer.status_code == 200
    (event,) = served.held()
    assert event["data"] == {"occurredAt": "2020-04-01T12:05:30Z", "unreached": claim} | WEEK


def test_no_answer_about_a_week_is_no_zero(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        answer = send(client, "/report/week-reported", **WEEK)
        wrong = send(client, "/report/week-reported", **WEEK, reached="some", unreached="-1")
    assert (answer.status_code, wrong.status_code) == (400, 400)
    assert served.held() == []


def test_the_weeks_to_choose_from_are_those_up_to_now(site: MakeSite) -> None:
    with site().client() as client:
        text = client.get("/report/week-reported").text
    assert text.index('"2020-W14"') < text.index('"2020-W13"') < text.index('"2020-W03"')
    assert '"2020-W15"' not in text
    assert "week 14: 30 mrt t/m 5 april 2020" in text


def test_the_coordinator_announces_a_closure_and_registers_a_school(site: MakeSite) -> None:
    served = site("coordinator")
    with served.client() as client:
        form = hidden(client.get("/report/closure-announced").text)
        closure = {"closure": "eerste", "sectors": ["po", "vo"], "starts": "2020-03-16", "until": ""}
        places = {"municipalities": "Groningen, GM0034", "regime": "closed"}
        announced = client.post("/report/closure-announced", data=form | closure | places)
        school = {"school": "06KR00", "sector": "po", "municipality": "GM0014", "starts": "2010-08-01"}
        registered = send(client, "/report/school-registered", **school, name="De Eik", pupils="210")
        backwards = send(client, "/report/school-registered", **school, until="2009-01-01")
    assert (announced.status_code, registered.status_code, backwards.status_code) == (200, 200, 400)
    assert "niet voor de eerste" in backwards.text
    one, other = (event["data"] for event in served.held())
    assert (one["sectors"], one["municipalities"], one["from"]) == (["po", "vo"], ["GM0014", "GM0034"], "2020-03-16")
    assert "until" not in one
    assert (other["name"], other["pupils"]) == ("De Eik", 210)


def test_an_own_report_can_be_withdrawn(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        send(client, "/report/contact-lost", **LOST)
        reference = served.held()[0]["id"]
        assert send(client, "/report/report-retracted", reference=reference).status_code == 200
    assert served.held()[1]["data"]["retracts"] == {"source": SOURCE, "id": reference}


def test_leerplicht_withdraws_what_another_reported(site: MakeSite) -> None:
    served = site("leerplicht")
    with served.client() as client:
        assert "Wie de melding deed" in client.get("/report/report-retracted").text
        for given, source in ((OTHER, OTHER), ("", SOURCE)):
            answer = send(client, "/report/report-retracted", reference=f"no-{BSN}", reporter=given)
            assert answer.status_code == 200
            assert served.held()[-1]["data"]["retracts"] == {"source": source, "id": f"no-{BSN}"}
        wrong = send(client, "/report/report-retracted", reference="a", reporter="de school")
        assert 'href="#f-reporter"' in wrong.text
        assert send(client, "/report/report-retracted", reporter=OTHER).status_code == 400
    assert len(served.held()) == 2


def test_the_other_desks_withdraw_their_own_only(site: MakeSite) -> None:
    for desk in DESKS:
        (form,) = [form for form in forms_of(desk) if form.kind == "report-retracted"]
        assert ("reporter" in [field.name for field in form.fields]) == (desk == "leerplicht")
    served = site()
    with served.client() as client:
        assert "Wie de melding deed" not in client.get("/report/report-retracted").text
        assert send(client, "/report/report-retracted", reference="a", reporter=OTHER).status_code == 200
    assert served.held()[0]["data"]["retracts"] == {"source": SOURCE, "id": "a"}


def test_a_desk_offers_its_kinds_and_no_others(site: MakeSite) -> None:
    for desk in DESKS:
        kinds = {form.kind for form in forms_of(desk)}
        assert kinds == {kind for kind, desks in PUBLISHERS.items() if desk in desks}
    with site("wij").client() as client:
        text = client.get("/").text
        assert ("/report/door-visit" in text, "/report/week-reported" in text) == (True, False)
        assert client.get("/report/week-reported").headers["location"] == "/"
        assert client.get("/list/nothing").headers["location"] == "/"


def test_it_never_asks_for_a_name_of_a_person() -> None:
    for form in FORMS.values():
        asked = {field.name for field in form.columns}
        assert "name" not in asked or form.kind == "school-registered"
        assert not any(field.look == "text" and field.name not in TEXTS for field in form.columns)


TEXTS = {"bsn", "local_number", "household", "lender", "closure", "name", "reference", "reporter"}
"""What may be typed freely: numbers, an organisation, a closure, a school, a reference."""


def test_without_the_key_nothing_is_said_about_a_pupil(site: MakeSite) -> None:
    served = site(pseudonyms=None)
    with served.client() as client:
        page = client.get("/report/contact-lost").text
        assert "sleutel voor pseudoniemen is niet ingesteld" in page
        assert "<fieldset" not in page
        form = hidden(client.get("/report/week-reported").text)
        assert client.post("/report/contact-lost", data=form | LOST).status_code == 400
        assert send(client, "/report/week-reported", **WEEK, reached="all").status_code == 200
    assert len(served.held()) == 1


def test_english_by_a_switch_that_is_remembered(site: MakeSite) -> None:
    with site().client() as client:
        assert '<html lang="nl">' in client.get("/").text
        assert "A pupil is not reached" in client.get("/?lang=en").text
        assert "Report another" in send(client, "/report/contact-lost", **LOST).text
        assert '<html lang="nl">' in client.get("/?lang=nl").text


def test_when_nothing_can_be_kept_nothing_is_called_reported(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        form = hidden(client.get("/report/contact-lost").text)
        served.desk.close()
        answer = client.post("/report/contact-lost", data=form | LOST)
    assert answer.status_code == 503
    assert "Er is niets gemeld" in answer.text
    assert BSN not in answer.text
    assert hidden(answer.text)["id"] == form["id"]


def test_every_answer_carries_the_headers(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        for path in ("/", "/report/contact-lost", "/list/contact-lost", "/list/contact-lost/template.csv"):
            answer: httpx.Response = client.get(path)
            assert "default-src 'none'" in answer.headers["content-security-policy"], path
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
