"""What was known then, beside now: on the whole system, as `kindinbeeld compare` and `triangle` have it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, expect

from projections.register.areas import members
from services.simulate import simulate
from services.web.query import read_query
from tests.services.web.test_accessibility import RULES
from tests.services.web.test_municipality import Tables
from tests.support.whole import Whole, until, whole

THEN = "2020-04-10T12:00"
AT = f"/toen?at={THEN}"
LATER = ("--as-of", "2020-09-01T00:00:00+02:00")


class System:
    """The whole system with a simulated history; it has an archive from the first command on."""

    def __init__(self, running: Whole, url: str) -> None:
        self.running, self.url, self.archived = running, url, False
        self._told: dict[tuple[str, ...], list[dict[str, str]]] = {}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)

    def told(self, *command: str) -> list[dict[str, str]]:
        if not self.archived:
            self.archived = self.running.run("archive", "build").returncode == 0
        if command not in self._told:
            done = self.running.run(*command, "--format", "csv")
            assert done.returncode == 0, done.stderr
            self._told[command] = list(csv.DictReader(io.StringIO(done.stdout.decode())))
        return self._told[command]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    place = tmp_path_factory.mktemp("then")
    lines = (line for _, line in simulate(11, "first", events=800))
    with whole(place / "system", "up", "--port", "0", "--no-desks") as running:
        yield System(running, running.bring_in(lines, place / "history.ndjson"))


def ready(client: httpx.Client, path: str) -> str:
    """Ask for a page until it is worked out, and give that very answer."""
    answers: list[httpx.Response] = []

    def worked_out() -> bool:
        answers.append(client.get(path).raise_for_status())
        return 'id="stands"' in answers[-1].text

    until(worked_out)
    return answers[-1].text


def table(html: str, name: str) -> dict[str, list[str]]:
    """Give the rows of a table by their heads: `W14 30 mrt`, or a name."""
    rows = Tables(html).tables[name]
    return {" ".join(head.split()): row for head, row in rows.items() if row[0][0].isdigit()}


def plain(text: str) -> int:
    return int(text.replace(".", "").replace("−", "-").replace("+", ""))


def by_week(html: str) -> dict[str, list[int]]:
    return {head.split()[0]: list(map(plain, row)) for head, row in table(html, "by-week").items()}


def added(rows: list[dict[str, str]]) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        _, _, week, *numbers = row.values()
        name = f"W{int(week[6:])}"
        sums[name] = [a + int(b) for a, b in zip(sums.get(name, [0] * len(numbers)), numbers, strict=True)]
    return sums


def test_then_beside_now_is_as_the_command_has_it(system: System) -> None:
    """Without an archive the page has one made of the ledger."""
    assert not system.archived
    with system.client() as client:
        html = ready(client, AT)
        one = ready(client, f"{AT}&sector=po&week=2020-W14&area=PV27&lang=en")
        assert client.get("/").text.count('href="/toen"') == 1
    rows = system.told("compare", "--then", f"{THEN}:00+02:00")
    assert by_week(html) == added(rows)
    assert any(row[2] and sum(row[3:]) == row[2] for row in by_week(html).values())
    assert "Toen: bekend op 10 april 2020, 12:00." in html
    within = members("PV27", 737_000, 738_000)
    inside = [row for row in rows if row["municipality"] in within and row["week"] == "2020-W14"]
    shown = table(one, "by-place")
    po = [row for row in inside if row["sector"] == "po"]
    assert {tuple(map(plain, row)) for row in shown.values()} == {tuple(map(int, list(row.values())[3:])) for row in po}
    assert len(shown) == len(po)
    assert "What did we know then" in one


def test_the_moment_is_chosen_by_slider_by_date_or_by_steps(system: System) -> None:
    with system.client() as client:
        html = client.get("/toen", params={"first": "2020-03-16", "day": "25", "time": "12:00"}).text
        assert 'aria-valuetext="10 april 2020, 12:00"' in html
        assert 'value="25" aria-valuetext' in html
        assert f'href="/toen?at={quote("2020-04-03T12:00")}"' in html
        assert 'value="12:00" required' in client.get("/toen", params={"date": "2020-04-10", "time": "12:00"}).text
    for wrong in ("2020-02-30T12:00", "x", "9999-01-01T00:00"):
        assert read_query({"at": wrong}, "/toen").at == ""
    assert (read_query({"at": THEN}).at, read_query({"at": THEN}, "/toen").at) == ("", THEN)


def test_the_grid_has_every_cell_and_what_made_the_difference(system: System) -> None:
    path = AT.replace("/toen", "/toen/tabel")
    with system.client() as client:
        html = ready(client, path)
        taken = client.get(path.replace("tabel", "tabel.csv"))
        assert 'id="to-grid" href="/toen/tabel?' in client.get(AT).text
    rows = system.told("compare", "--then", f"{THEN}:00+02:00")
    cells: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        place, _, week, *numbers = row.values()
        cells.update({(place, week, name): int(n) for name, n in zip(list(row)[3:], numbers, strict=True)})
    assert taken.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(taken.text)))
    told = {(line["code"], line["week"], name): int(line[name]) for line in lines for name in list(line)[3:]}
    assert {key: number for key, number in told.items() if number} == {key: n for key, n in cells.items() if n}
    assert {line["name"] for line in lines} >= {"Amsterdam"}

    place, week, _ = max(cells, key=lambda key: (key[2] == "difference") * abs(cells[key]))
    weeks = [week.split()[0] for week in re.findall(r'<th scope="col">(W\d+ )<small>', html)]
    at = weeks.index(f"W{int(week[6:])}")
    with system.client() as client:
        for show in ("then", "now", "difference"):
            grid = Tables(ready(client, f"{path}&show={show}&cell={place}.{week}"))
            opened = {head.split()[0]: plain(cell) for head, (cell,) in grid.tables["opened"].items()}
            assert opened["Toen"] == cells[place, week, "then"]
            assert opened["Nu"] == cells[place, week, "now"]
            assert opened["Verschil"] == cells[place, week, "difference"] != 0
            assert sum(opened.values()) == opened["Toen"] + opened["Nu"] + 2 * opened["Verschil"]
            assert plain(grid.tables["grid"]["Samen"][at]) == sum(
                n for (_, each, name), n in cells.items() if (each, name) == (week, show)
            )
        assert 'id="opened"' not in client.get(f"{path}&cell=GM9999.2020-W14").text


def test_how_weeks_became_known_and_the_nowcast_apart(system: System) -> None:
    with system.client() as client:
        html = ready(client, "/toen/nagekomen")
    known = {f"W{int(row['week'][6:])}": list(row.values())[2:] for row in system.told("triangle", *LATER)}
    shown = {head.split()[0]: [text.replace(".", "") for text in row] for head, row in table(html, "triangle").items()}
    shown = {head: row for head, row in shown.items() if head.startswith("W")}
    assert shown == known
    assert "Dit zijn geen tellingen" in html
    assert html.index('data-part="triangle"') < html.index('data-part="nowcast"')


@pytest.mark.browser
@pytest.mark.parametrize(("path", "scheme", "width"), [(AT, "light", 1280), (f"{AT}&lang=en", "dark", 360)])
def test_axe_finds_nothing_and_the_slider_goes_by_keyboard(
    system: System, browser: Browser, path: str, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    try:
        page = context.new_page()
        for address in (path, path.replace("/toen", "/toen/nagekomen"), path.replace("/toen", "/toen/tabel")):
            page.goto(system.url.rstrip("/") + address)
            expect(page.locator("#stands")).to_be_visible()  # it asks again by itself until it is worked out
            page.evaluate(AXE_SCRIPT)
            found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
            assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        button = page.locator("#grid button").first
        button.press("Enter")
        expect(page.locator("#opened")).to_be_in_viewport()
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto(system.url.rstrip("/") + path)
        page.locator("#day").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#chosen")).to_have_text("11 April 2020" if "lang=en" in path else "11 april 2020")
        page.keyboard.press("Enter")
        expect(page.locator("#stands")).to_contain_text("11 April 2020" if "lang=en" in path else "11 april 2020")
    finally:
        context.close()


def test_who_sees_a_part_is_told_of_that_part_and_everyone_else_why_not(system: System) -> None:
    """The last one: from the first link on nobody sees everything without one."""
    rows = system.told("compare", "--then", f"{THEN}:00+02:00")
    known = Counter(row["municipality"] for row in rows if row["municipality"] != "unknown" and int(row["now"]))
    ((code, _),) = known.most_common(1)
    other = next(row["municipality"] for row in rows if row["municipality"] not in (code, "unknown"))
    made = system.running.run("access", "link", "create", "--role", "municipality", "--area", code, "--name", "A")
    link = re.search(rb"https?://\S+", made.stdout)
    assert link is not None, made.stderr
    with system.client() as client:
        until(lambda: 'id="why"' in client.get(AT).text)
        assert client.get("/toen/tabel.csv").status_code == 403
        for path in (AT, "/toen/nagekomen", "/toen/tabel"):
            public = client.get(path).text
            assert "alleen voor wie ermee werkt" in public
            assert "<table" not in public
            assert 'href="/toen"' not in public
        origin = {"Origin": system.url.rstrip("/")}
        assert client.post("/aanmelden", data={"link": link[0].decode()}, headers=origin).status_code in (200, 303)
        html = ready(client, AT)
        assert by_week(html) == added([row for row in rows if row["municipality"] == code])
        assert len(table(html, "by-place")) == 1
        assert "Alleen de gemeenten waarvan u precieze aantallen ziet" in html
        refused = client.get(f"{AT}&area={other}").text
        assert "Van dit gebied ziet u geen precieze aantallen" in refused
        assert "<table" not in refused
        taken = list(csv.DictReader(io.StringIO(client.get(AT.replace("/toen", "/toen/tabel.csv")).text)))
        assert {line["code"] for line in taken} == {code}
        assert client.get("/toen/tabel.csv", params={"at": THEN, "area": other}).status_code == 403
        triangle = ready(client, "/toen/nagekomen")
        assert 'id="nowcast"' not in triangle
        own = {
            f"W{int(row['week'][6:])}": list(row.values())[2:]
            for row in system.told("triangle", "--area", code, *LATER)
        }
        shown = {head.split()[0]: row for head, row in table(triangle, "triangle").items() if head.startswith("W")}
        assert shown == own
