"""`kindinbeeld report` as it is run: the same bytes, the right numbers, nothing from elsewhere, nothing hidden."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from events import format_instant, parse_instant
from projections.evaluation import evaluate
from projections.tables import COUNT_MEASURES, KEY
from services.bench.browser import find_chromium
from services.report.texts import TEXTS
from services.simulate import Plan, plan_for
from services.simulate.output import write_history
from tests.projections.archive.making import write
from tests.support.inside import run_inside

PERIOD = ("--from", "2020-03-16", "--to", "2020-05-31")
AS_OF = "2020-06-10T12:00:00+02:00"
TITLES = {"nl": "Wat wanneer bekend was", "en": "What was known when"}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory with a small national history, and an archive of it made in three steps."""
    with TemporaryDirectory() as temporary:
        directory = Path(temporary)
        write_history(plan_for(4000, Plan(seed=3)), str(directory / "history.ndjson"))
        lines = (directory / "history.ndjson").read_text().splitlines()
        write(directory / "archive", lines, pieces=3)
        yield directory


def report(place: Path, *options: str | Path, name: str = "report.html") -> bytes:
    with TemporaryDirectory() as temporary:
        output = Path(temporary) / name
        ran = run_inside("report", *PERIOD, *options, "--output", output, data_dir=place)
        assert (ran.returncode, ran.stdout) == (0, b""), ran.stderr
        assert output.stat().st_mode & 0o077 == 0
        return output.read_bytes()


def table(html: str, caption: str) -> list[list[str]]:
    """Give the rows of a table as they are shown."""
    found = re.search(rf"<caption[^>]*>{re.escape(caption)}</caption>(.*?)</table>", html, re.DOTALL)
    assert found, caption
    rows = re.findall(r"<tr>(.*?)</tr>", found[1], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows][1:]


def counted(place: Path, as_of: str) -> list[dict[str, str]]:
    """Give the rows of the other program."""
    rows = evaluate(place / "history.ndjson", parse_instant(as_of)).rows()
    return [dict(zip((*KEY, *COUNT_MEASURES), map(str, row), strict=True)) for row in rows]


def test_the_same_bytes_from_an_archive_a_file_and_another_place(place: Path, tmp_path: Path) -> None:
    first = report(place, "--area", "PV27", "--as-of", AS_OF)
    assert report(place, "--area", "PV27", "--as-of", AS_OF, place / "history.ndjson") == first
    shutil.copytree(place / "archive", tmp_path / "elsewhere" / "archive")
    assert (
        report(tmp_path, "--area", "PV27", "--as-of", AS_OF, "--archive", tmp_path / "elsewhere" / "archive") == first
    )
    assert str(place).encode() not in first


def test_what_came_later_changes_nothing(place: Path, tmp_path: Path) -> None:
    known = [line for line in (place / "history.ndjson").read_text().splitlines() if recorded(line) <= AS_OF_UTC]
    (tmp_path / "known.ndjson").write_text("\n".join(known))
    options = ("--area", "NL", "--as-of", AS_OF)
    assert report(place, *options) == report(place, *options, tmp_path / "known.ndjson")


AS_OF_UTC = "2020-06-10T10:00:00"


def recorded(line: str) -> str:
    found = re.search(r'"recordedtime":"([^"]{19})', line)
    assert found
    return found[1]


def test_the_numbers_are_those_of_the_count(place: Path) -> None:
    html = report(place, "--as-of", AS_OF, "--lang", "en").decode()
    rows = counted(place, AS_OF)
    for shown in table(html, "Pupils not reached at the end of each week"):
        week = f"2020-{shown[0]}"
        assert shown[2] in ("?", f"{sum(int(row['unreached']) for row in rows if row['week'] == week):,}")
    for shown in table(html, "What came and went in each week, and who was not reached for over four weeks"):
        of = [row for row in rows if row["week"] == f"2020-{shown[0]}"]
        names = ("newly_lost", "restored", "moved_in", "moved_out", "unreached_over_4_weeks")
        assert shown[2:] == [f"{sum(int(row[name]) for row in of):,}" for name in names]
    last = table(html, "Pupils not reached by municipality at the end of week 22")
    assert sum(int(row[1]) for row in last if row[1] != "?") == sum(
        int(row["unreached"]) for row in rows if row["week"] == "2020-W22"
    )
    [events] = re.findall(r"<dt>Events</dt><dd>([\d,]+)</dd>", html)
    lines = (place / "history.ndjson").read_text().splitlines()
    assert int(events.replace(",", "")) == sum(recorded(line) <= AS_OF_UTC for line in lines)
    assert f"--as-of {format_instant(1591783200000000)} --lang en</code>" in html


def test_what_was_known_when(place: Path) -> None:
    html = report(place, "--as-of", AS_OF).decode()
    shown = table(html, "Niet bereikte leerlingen, zoals bekend na zoveel weken")
    then = counted(place, "2020-04-13T00:00:00+02:00")
    [week] = [row for row in shown if row[0] == "W15"]
    assert week[2] == str(sum(int(row["unreached"]) for row in then if row["week"] == "2020-W15"))
    assert shown[-1][-1] == "–"


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_public_report_tells_what_is_public(place: Path, lang: str) -> None:
    options = ("--area", "PV27", "--public", "--lang", lang)
    html = report(place, "--as-of", AS_OF, *options).decode()
    # Of one day one report, whenever in it; it is as of the beginning of that day, as the open data are.
    assert html == report(place, "--as-of", "2020-06-10T00:00:00+02:00", *options).decode()
    assert TITLES[lang] not in html
    rows = counted(place, "2020-06-10T00:00:00+02:00")
    codes = {"Amsterdam": "GM0363", "Haarlem": "GM0392"}
    caption = {"nl": "Niet bereikte leerlingen per gemeente aan het eind van week 22"}.get(
        lang, "Pupils not reached by municipality at the end of week 22"
    )
    shown = {row[0]: row[1] for row in table(html, caption)}
    for name, code in codes.items():
        cells = [int(row["unreached"]) for row in rows if (row["municipality"], row["week"]) == (code, "2020-W22")]
        low = sum(1 if 0 < n < 5 else n for n in cells)
        high = sum(4 if 0 < n < 5 else n for n in cells)
        expected = str(low) if low == high else "&lt;5" if (low, high) == (1, 4) else f"{low}–{high}"
        assert shown[name] in ("?", expected)
    assert "--public</code>" in html


def test_it_asks_nothing_of_any_other_and_axe_finds_nothing(place: Path, tmp_path: Path) -> None:
    for name, options in {"work": (), "public": ("--public", "--lang", "en")}.items():
        (tmp_path / f"{name}.html").write_bytes(report(place, "--area", "PV27", "--as-of", AS_OF, *options))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 380, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for name in ("work", "public"):
            page.goto((tmp_path / f"{name}.html").as_uri())
            assert page.locator("svg").count() == 2
            assert page.evaluate("document.documentElement.scrollWidth") <= 380
            assert Axe().run(page).response["violations"] == []
        assert len(asked) == 2
        browser.close()


def test_pdf(place: Path) -> None:
    options = ("--area", "GM0363", "--as-of", AS_OF)
    first, again = (report(place, *options, name=name) for name in ("one.pdf", "other.pdf"))
    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()
    pdf = pypdfium2.PdfDocument(first)
    assert "Leerlingen niet bereikt: Amsterdam" in pdf[0].get_textpage().get_text_bounded()


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--area", "GM9999"], 2, "--area"),
        (["--to", "2020-03-01"], 2, "--to"),
        (["--from", "maart"], 2, "--from"),
        (["--output", "report.doc"], 2, "--output"),
        (["--from", "2019-01-01", "--to", "2019-02-01"], 3, "closed"),
        (["--archive", "nowhere"], 3, "no archive"),
    ],
)
def test_what_cannot_be_reported(place: Path, tmp_path: Path, options: list[str], status: int, says: str) -> None:
    ran = run_inside("report", *PERIOD, "--output", tmp_path / "r.html", *options, data_dir=place)
    assert ran.returncode == status
    assert says in ran.stderr.decode()
    assert len(ran.stderr.splitlines()) == 1


def test_both_languages_have_the_same_texts_and_weeks_of_several_years_tell_theirs(place: Path) -> None:
    assert set(TEXTS["nl"]) == set(TEXTS["en"])
    html = report(place, "--to", "2021-06-06", "--area", "PV27", "--lang", "en").decode()
    assert re.search(r"Not reached, end of week \d+ \(2021\)", html)
    assert "The chart shows the 4 longest closures" in html
