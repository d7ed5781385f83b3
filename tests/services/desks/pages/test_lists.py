from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from services.desks.pages.blanks import csv_template, excel_template
from services.desks.pages.fields import FORMS
from services.desks.pages.lists import MAX_FILE_BYTES, MAX_ROWS, ListError, read_list
from services.desks.pages.texts import LANGUAGES
from tests.services.desks.pages.conftest import ANOTHER_BSN, BSN, CHAIN, MakeSite, send

LOST = FORMS["contact-lost"]
SCHOOLS = FORMS["school-registered"]
HEADER = "bsn;local_number;issuer;occurred_at;school;sector;municipality;reason\n"
GOOD = f"{HEADER}{BSN};;;16-03-2020;06KR00;po;Groningen;geen apparaat\n;17;06KR00;2020-03-17 09:30;06KR00;PO;;\n"


def sheet_of(book: Workbook) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return sheet


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        sheet_of(book).append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_list_of_pupils_is_taken_in_whole(site: MakeSite, encoding: str, delimiter: str) -> None:
    served = site()
    with served.client() as client:
        answer = send(client, "/list/contact-lost", GOOD.replace(";", delimiter).encode(encoding))
    assert answer.status_code == 200
    assert "2 rijen aangeleverd" in answer.text
    one, other = (event["data"] for event in served.held())
    assert one["pupil"] == CHAIN.of_bsn(BSN)
    assert (one["municipality"], one["reason"]) == ("GM0014", "no-device")
    assert one["occurredAt"] == "2020-03-16T00:00:00+01:00"
    assert other["pupil"] == CHAIN.of_local("17", "06KR00")
    assert other["occurredAt"] == "2020-03-17T09:30:00+01:00"
    for event in served.held():
        assert event["id"] in answer.text


def test_a_list_gives_households_where_they_are_known(site: MakeSite) -> None:
    served = site()
    text = "bsn;wanneer;school;sector;nummer van het gezin;uitgever van het gezinsnummer\n"
    text += f"{BSN};16-03-2020;06KR00;po;00017;GM0014\n{ANOTHER_BSN};16-03-2020;07KR00;vo;;\n"
    with served.client() as client:
        assert send(client, "/list/contact-lost", text.encode()).status_code == 200
        wrong = send(client, "/list/contact-lost", text.replace("00017", "de Vries?").encode())
    assert [event["data"].get("household") for event in served.held()] == [CHAIN.of_household("17", "GM0014"), None]
    assert wrong.status_code == 400
    assert "Vries" not in wrong.text


def test_the_same_list_again_is_known(site: MakeSite) -> None:
    served = site()
    with served.client() as client:
        send(client, "/list/contact-lost", GOOD.encode())
        again = send(client, "/list/contact-lost", GOOD.encode())
        more = send(client, "/list/contact-lost", f"{GOOD}{ANOTHER_BSN};;;2020-03-18;06KR00;po;;\n".encode())
    assert again.text.count("was al gemeld") == 2
    assert more.text.count("was al gemeld") == 2
    assert len(served.held()) == 3


def test_one_wrong_row_and_nothing_is_reported(site: MakeSite) -> None:
    served = site()
    rows = f"{ANOTHER_BSN};;;2020-03-18;06KR00;hbo;;\n111222334;;;2021-01-01;06KR;po;;\n"
    rows += f";;;;;;;\n{BSN};;;2020-04-02;06KR00;po;;\n"
    with served.client() as client:
        answer = send(client, "/list/contact-lost", (GOOD + rows).encode())
    assert answer.status_code == 400
    assert served.held() == []
    assert answer.text.count("in orde, nog niet gemeld") == 2
    for said in (
        '<th scope="row">4</th>',
        "kies een van de sectoren",
        "elfproef",
        '<th scope="row">7</th>',
        "toekomst",
    ):
        assert said in answer.text
    assert '<th scope="row">6</th>' not in answer.text


def test_excel_as_a_spreadsheet_writes_it(site: MakeSite) -> None:
    served = site()
    content = workbook(
        ["BSN", "Lokaal nummer", "Uitgever van het lokale nummer", "Wanneer", "School", "Sector", "Gemeente", "Reden"],
        [111222333, None, None, datetime(2020, 3, 16, 9, 30), "06KR00", "Basisonderwijs", "Den Haag", None],
        ["010000008", None, None, date(2020, 3, 17), "06KR00", "po", None, "Anders"],
        [10000008, None, None, date(2020, 3, 18), "06KR00", "po", None, "Anders"],
    )
    with served.client() as client:
        answer = send(client, "/list/contact-lost", content)
    assert answer.status_code == 200, answer.text
    one, other, third = (event["data"] for event in served.held())
    assert (one["occurredAt"], one["sector"], one["municipality"]) == ("2020-03-16T09:30:00+01:00", "po", "GM0518")
    assert other["pupil"] == third["pupil"] == CHAIN.of_bsn("010000008")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", [form for form in FORMS.values() if form.listed], ids=lambda form: form.kind)
def test_a_template_filled_in_is_a_list(language: Any, form: Any) -> None:
    text = csv_template(form, language).decode("utf-8-sig")
    assert [row.number for row in read_list((text + ";".join(["x"] * len(form.columns))).encode(), form)] == [2]
    book = load_workbook(io.BytesIO(excel_template(form, language)))
    sheet_of(book).append(["x"] * len(form.columns))
    content = io.BytesIO()
    book.save(content)
    (row,) = read_list(content.getvalue(), form)
    assert row.given == dict.fromkeys((field.name for field in form.columns), "x")


def test_templates_can_be_downloaded(site: MakeSite) -> None:
    with site("coordinator").client() as client:
        comma = client.get("/list/school-registered/template.csv?lang=en")
        excel = client.get("/list/school-registered/template.xlsx")
        assert client.get("/list/closure-announced/template.csv").headers["location"] == "/"
    assert comma.content.startswith("\ufeffSchool;Sector;Municipality;From".encode())
    assert comma.headers["content-disposition"] == 'attachment; filename="school-registered.csv"'
    assert sheet_of(load_workbook(io.BytesIO(excel.content)))["D1"].value == "Vanaf"


def test_schools_are_registered_by_a_list(site: MakeSite) -> None:
    served = site("coordinator")
    lines = ["school;sector;municipality;starts;pupils"]
    lines += [f"{number:04}00;po;Groningen;01-08-2010;{number}" for number in range(2_500)]
    with served.client() as client:
        answer = send(client, "/list/school-registered", "\n".join(lines).encode())
    assert answer.status_code == 200
    assert served.desk.backlog == 2_500


def test_a_formula_is_not_read(site: MakeSite) -> None:
    served = site()
    typed = send(served.client(), "/list/contact-lost", f'{HEADER}"=""{BSN}""";;;2020-03-18;06KR00;po;;\n'.encode())
    names = HEADER.strip().split(";")
    counted = workbook(names, ["=111222333", None, None, "2020-03-18", "06KR00", "po", None, None])
    calculated = send(served.client(), "/list/contact-lost", counted)
    for answer in (typed, calculated):
        assert (answer.status_code, "BSN: een formule wordt niet gelezen" in answer.text) == (400, True)
    assert served.held() == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Kies een bestand"),
        (HEADER.encode(), "geen rijen"),
        (b"PK\x03\x04 and then nothing", "kan niet gelezen worden"),
        (b"\x00\x01\x02\x03", "kan niet gelezen worden"),
        (b"bsn;naam;school\n1;Jan;2\n", "kolom 2 is onbekend"),
        (b"bsn;BSN\n1;2\n", "De kolom BSN staat er twee keer in"),
        (b"bsn;occurred_at;school\n1;2;3\n", "De kolom Sector ontbreekt"),
        (f"{HEADER}{BSN};;;x;06KR00;po;;;;Jan\n".encode(), "meer velden"),
        ((HEADER + f"{BSN};;;2020-03-16;06KR00;po;;\n" * (MAX_ROWS + 1)).encode(), "te veel rijen"),
        (HEADER.encode() + b"x" * MAX_FILE_BYTES, "te groot"),
        (HEADER.encode() + b"x" * 2 * MAX_FILE_BYTES, "te groot"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_list_is_explained(site: MakeSite, content: bytes, said: str) -> None:
    served = site()
    with served.client() as client:
        answer = send(client, "/list/contact-lost", content)
    assert answer.status_code in (400, 413)
    assert said in answer.text
    assert "Jan" not in answer.text
    assert served.held() == []


def test_a_workbook_that_unpacks_to_very_much_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (33 * 1024 * 1024))
    with pytest.raises(ListError) as caught:
        read_list(content.getvalue(), LOST)
    assert caught.value.key == "file_large"


@given(st.one_of(st.binary(), st.text().map(str.encode), st.binary().map(lambda rest: b"PK\x03\x04" + rest)))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_uploaded_it_is_a_list_or_explained(content: bytes) -> None:
    with pytest.raises(ListError):
        read_list(content, LOST)


cells = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='";='), max_size=30).map(str.strip)


@given(st.lists(st.lists(cells, min_size=7, max_size=7).filter(any), min_size=1, max_size=5))
def test_what_stands_in_a_cell_arrives_as_it_is(rows: list[list[str]]) -> None:
    names = [field.name for field in SCHOOLS.columns]
    text = "\n".join(";".join(f'"{cell}"' for cell in row) for row in [names, *rows])
    assert [list(row.given.values()) for row in read_list(text.encode(), SCHOOLS)] == rows
