"""Every question of every dashboard and rule to PostgreSQL gives, on a real one, the numbers of `counts`."""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.grafana import Choices, wanted
from events import IMPORT_DESK, day_start, parse_instant, week_monday
from projections.live.message import Source, take
from projections.live.postgres.published import PublishedTables
from projections.register import municipalities
from tests.support.grafana_sql import expand
from tests.support.inside import run_inside
from tests.support.live import fed_view
from tests.support.postgres import NoPostgresError, PostgresServer, running_postgres

AS_OF = "2020-04-21T12:00:00+02:00"
SINCE, UNTIL = "2020-03-01T00:00:00Z", "2020-12-31T00:00:00Z"
SECTORS = ["po", "so", "vo", "mbo"]
WANT = wanted(Choices("postgresql://h/d", "http://h", "nobody"))
REGION = {each.code: each.safety_region for each in municipalities()} | {"unknown": "unknown"}
NAMES = {
    **{each.code: each.name for each in municipalities()},
    **{each.safety_region: each.safety_region_name for each in municipalities()},
    "unknown": "Woonplaats onbekend",
}
FLOWS = ("newly_lost", "restored", "moved_in", "moved_out")
VISITS = tuple(f"door_visits_{outcome}" for outcome in ("contact", "no_answer", "moved_away", "refused"))
DEVICES = tuple(f"devices_lent_{device}" for device in ("laptop", "tablet", "internet"))


def monday(week: str) -> datetime:
    return datetime.fromtimestamp(day_start(week_monday(week)) / 1_000_000, UTC)


@dataclass
class Filled:
    """A PostgreSQL with the tables of a history, and those tables as `kindinbeeld` prints them."""

    server: PostgresServer
    counts: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def reader(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection that may read and nothing else, as Grafana's has."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute("SET ROLE kindinbeeld_reader")
            yield connection

    def ask(self, sql: str, **variables: list[str]) -> tuple[list[str], list[tuple[Any, ...]]]:
        with self.reader() as connection:
            cursor = connection.execute(expand(sql, SINCE, UNTIL, {"sector": SECTORS} | variables).encode())
            assert cursor.description is not None
            return [column.name for column in cursor.description], cursor.fetchall()

    @property
    def latest(self) -> datetime:
        starts: list[datetime] = [row["start"] for row in [*self.counts, *self.coverage]]
        return max(starts)


def table(text: bytes) -> list[dict[str, Any]]:
    rows = [dict(row) for row in csv.DictReader(text.decode().splitlines())]
    keys = ("municipality", "sector", "week")
    return [
        {key: value if key in keys else int(value) for key, value in row.items()} | {"start": monday(row["week"])}
        for row in rows
    ]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    place = tmp_path_factory.mktemp("filled")
    history = place / "history.ndjson"
    run_inside("simulate", "--closure", "first", "--scale", "0.004", "--output", history, data_dir=place)
    try:
        with running_postgres() as server:
            filled = Filled(server)
            for name in ("counts", "coverage"):
                done = run_inside("evaluate", history, "--as-of", AS_OF, "--table", name, data_dir=place)
                setattr(filled, name, table(done.stdout))
            fill(filled, history)
            yield filled
    except NoPostgresError as reason:
        if os.environ.get("CI") or os.environ.get("KINDINBEELD_REQUIRE_POSTGRES"):
            raise
        pytest.skip(str(reason))


def fill(filled: Filled, history: Path) -> None:
    """Let the system write its tables for others: what it folded of a ledger with this history, as of AS_OF."""
    at = parse_instant(AS_OF)
    with fed_view() as view:
        lines = enumerate(history.read_bytes().splitlines(), start=1)
        messages = [take(Source(number, at, IMPORT_DESK, line)) for number, line in lines]
        view.feed([message for message in messages if message.recorded <= at], [10_000])
        published = PublishedTables(filled.server.url)
        published.write(view.reader.tables(at), view.reader.closures(), ledger_end=view.view.position + 10)
        published.close()
    closures = [
        ("alleen hier", ["po"], ["GM0014"], date(2020, 4, 28), None),
        ("later", ["po"], None, date(2021, 1, 5), None),
    ]
    with psycopg.connect(filled.server.url, autocommit=True) as connection:
        connection.cursor().executemany("INSERT INTO kindinbeeld.closures VALUES (%s, %s, %s, %s, %s)", closures)


def chosen(filled: Filled) -> dict[str, tuple[dict[str, list[str]], Any]]:
    """For each dashboard: what is chosen, and which municipalities that is."""
    busiest = Counter[str]()
    for row in filled.counts:
        busiest[row["municipality"]] += row["unreached"] if row["municipality"] != "unknown" else 0
    code = busiest.most_common(1)[0][0]
    region = REGION[code]
    inside = {each.code for each in municipalities() if each.safety_region == region}
    return {
        "kib-country": ({}, lambda municipality: True),
        "kib-region": ({"regio": [region]}, inside.__contains__),
        "kib-municipality": ({"gemeente": [code]}, code.__eq__),
    }


def questions(dashboard: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            if "rawSql" in target:
                yield panel["type"], panel["title"], target["rawSql"]


@pytest.mark.parametrize("dashboard", WANT.dashboards[:3], ids=lambda each: each["uid"])
@pytest.mark.parametrize("sectors", [SECTORS, ["po", "vo"]], ids=["all", "some"])
def test_every_panel_gives_the_numbers_of_counts(filled: Filled, dashboard: dict[str, Any], sectors: list[str]) -> None:
    variables, within = chosen(filled)[dashboard["uid"]]
    counts = [row for row in filled.counts if within(row["municipality"]) and row["sector"] in sectors]
    coverage = [row for row in filled.coverage if within(row["municipality"]) and row["sector"] in sectors]
    assert counts
    assert coverage
    seen = 0
    for kind, title, sql in questions(dashboard):
        names, rows = filled.ask(sql, sector=sectors, **variables)
        wants = expected(filled, kind, title, counts, coverage)
        assert normal(names, rows) == wants, (kind, title)
        seen += 1
    assert seen == 12


def normal(names: list[str], rows: list[tuple[Any, ...]]) -> Any:
    if names == ["time", "metric", "value"]:
        return {(time, metric): pytest.approx(float(value)) for time, metric, value in rows}
    if names[0] == "time":
        return {row[0]: tuple(int(each) for each in row[1:]) for row in rows}
    if len(names) == 1:
        return rows[0][0]
    return [tuple(int(each) if hasattr(each, "as_tuple") else each for each in row) for row in rows]


def summed(rows: list[dict[str, Any]], *measures: str) -> dict[datetime, tuple[int, ...]]:
    found: dict[datetime, list[int]] = defaultdict(lambda: [0] * len(measures))
    for row in rows:
        found[row["start"]] = [a + row[m] for a, m in zip(found[row["start"]], measures, strict=True)]
    return {start: tuple(values) for start, values in found.items()}


def by_sector(rows: list[dict[str, Any]], measure: str, of: str | None = None) -> dict[tuple[datetime, str], float]:
    top, bottom = Counter[tuple[datetime, str]](), Counter[tuple[datetime, str]]()
    for row in rows:
        key = row["start"], row["sector"]
        top[key] += row[measure]
        bottom[key] += row[of] if of else 0
    return {key: top[key] / bottom[key] if of else top[key] for key in {(r["start"], r["sector"]) for r in rows}}


def expected(
    filled: Filled, kind: str, title: str, counts: list[dict[str, Any]], coverage: list[dict[str, Any]]
) -> Any:
    latest = filled.latest
    now = [row for row in counts if row["start"] == latest]
    answers = [row for row in coverage if row["start"] == latest]
    starts = sorted({row["start"] for row in filled.coverage})
    before = [row for row in counts if row["start"] == starts[-2]]
    match kind, title:
        case "stat", "Niet bereikt":
            return sum(row["unreached"] for row in now)
        case "stat", "Langer dan 4 weken":
            return sum(row["unreached_over_4_weeks"] for row in now)
        case "stat", "Sinds vorige week":
            return sum(row["unreached"] for row in now) - sum(row["unreached"] for row in before)
        case "stat", "Scholen die antwoordden":
            reported, schools = (sum(row[f"schools_{what}"] for row in answers) for what in ("reported", "expected"))
            return pytest.approx(reported / schools)
        case "stat", "Stand van":
            return datetime.fromtimestamp(parse_instant(AS_OF) / 1_000_000, UTC)
        case _, "Niet bereikt per week":
            return by_sector(counts, "unreached")
        case "timeseries", "Langer dan 4 weken":
            return by_sector(counts, "unreached_over_4_weeks")
        case _, "Erbij en eraf":
            return summed(counts, *FLOWS)
        case _, "Dekking":
            return by_sector(coverage, "schools_reported", "schools_expected")
        case _, "Huisbezoeken":
            return summed(counts, *VISITS)
        case _, "Uitgeleende apparaten":
            return summed(counts, *DEVICES)
        case _, "Per veiligheidsregio":
            return areas_of(now, answers, lambda code: REGION[code])
        case _, "Per gemeente":
            return areas_of(now, answers, lambda code: code)
        case _, "Week voor week":
            return weeks_of(counts, coverage)
    raise AssertionError(f"nobody says what {kind} {title} should be")


def areas_of(counts: list[dict[str, Any]], coverage: list[dict[str, Any]], area: Any) -> list[tuple[Any, ...]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in counts:
        found[area(row["municipality"])][0] += row["unreached"]
        found[area(row["municipality"])][1] += row["unreached_over_4_weeks"]
    for row in coverage:
        found[area(row["municipality"])][2] += row["schools_expected"]
        found[area(row["municipality"])][3] += row["schools_reported"]
    listed = [(NAMES[code], code, *values) for code, values in found.items()]
    return sorted(listed, key=lambda row: (-row[2], row[1]))


def weeks_of(counts: list[dict[str, Any]], coverage: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    answers = {(row["sector"], row["week"]): row for row in coverage}
    columns = ("week", "sector", "unreached", "unreached_over_4_weeks", "households", "unreached_during", *FLOWS)
    listed = []
    for row in sorted(counts, key=lambda row: row["sector"]):
        answer = answers.get((row["sector"], row["week"]), {})
        listed.append((*(row[c] for c in columns), answer.get("schools_expected"), answer.get("schools_reported")))
    return sorted(listed, key=lambda row: row[0], reverse=True)


def test_closures_are_drawn_where_they_hold(filled: Filled) -> None:
    sight = {
        "kib-country": ({}, ["alleen hier", "eerste sluiting"]),
        "kib-region": ({"regio": ["VR01"]}, ["alleen hier", "eerste sluiting"]),
        "kib-municipality": ({"gemeente": ["GM0363"]}, ["eerste sluiting"]),
    }
    for dashboard in WANT.dashboards[:3]:
        variables, names = sight[dashboard["uid"]]
        (annotation,) = dashboard["annotations"]["list"]
        columns, rows = filled.ask(annotation["target"]["rawSql"], **variables)
        assert columns == ["time", "timeend", "text", "tags"]
        assert sorted(row[2] for row in rows) == names
        first = next(row for row in rows if row[2] == "eerste sluiting")
        assert [moment.isoformat() for moment in first[:2]] == [
            "2020-03-15T23:00:00+00:00",
            "2020-04-28T22:00:00+00:00",
        ]


def test_variables_offer_what_there_is(filled: Filled) -> None:
    offered = {
        variable["name"]: filled.ask(variable["query"])
        for dashboard in WANT.dashboards
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    }
    assert len(offered["regio"][1]) == 25
    assert ("Groningen", "VR01") in offered["regio"][1]
    assert {code for _, code in offered["gemeente"][1]} == {each.code for each in municipalities()} | {"unknown"}
    assert all(names == ["__text", "__value"] for names, _ in offered.values())


def test_the_copy_tells_how_far_it_is_behind(filled: Filled) -> None:
    (question,) = questions(WANT.dashboards[3])
    assert filled.ask(question[2])[1] == [(10,)]


def test_the_rules_hold_where_they_should(filled: Filled) -> None:
    asked = {
        rule["uid"]: dict(filled.ask(rule["data"][0]["model"]["rawSql"])[1])
        for group in WANT.groups
        for rule in group["rules"]
        if "rawSql" in rule["data"][0]["model"]
    }
    starts = sorted({row["start"] for row in filled.coverage})
    last, whole = starts[-1], starts[-2]
    longer, expects, reports = Counter[str](), Counter[str](), Counter[str]()
    now: dict[tuple[str, str], int] = {}
    before: dict[tuple[str, str], int] = {}
    for row in filled.counts:
        if row["start"] == last:
            longer[NAMES[row["municipality"]]] += row["unreached_over_4_weeks"]
            now[row["municipality"], row["sector"]] = row["unreached"]
        if row["start"] == whole:
            before[row["municipality"], row["sector"]] = row["unreached"]
    for row in filled.coverage:
        if row["start"] == whole:
            expects[NAMES[row["municipality"]]] += row["schools_expected"]
            reports[NAMES[row["municipality"]]] += row["schools_reported"]
    assert asked["kib-over-4-weeks"] == {name: int(number > 0) for name, number in longer.items()}
    assert {0, 1} == set(asked["kib-over-4-weeks"].values())
    assert asked["kib-coverage-low"] == {name: int(reports[name] < 0.8 * expects[name]) for name in expects}
    assert {0, 1} == set(asked["kib-coverage-low"].values())
    both = set(now) & set(before)
    more, was = Counter[str](), Counter[str]()
    for key in both:
        more[key[0]] += now[key] - before[key]
        was[key[0]] += before[key]
    rising = {NAMES[code]: int(more[code] >= 5 and more[code] > 0.2 * was[code]) for code in was if code != "unknown"}
    assert asked["kib-count-rising"] == rising


@pytest.mark.parametrize(
    ("area", "inside"),
    [("VR01", lambda code: REGION[code] == "VR01"), ("GM1979", {"GM1979", "GM0003", "GM0010", "GM0024"}.__contains__)],
)
def test_an_area_sees_its_own_rows_and_nothing_else(filled: Filled, tmp_path: Path, area: str, inside: Any) -> None:
    made = run_inside("grafana", "area", area, data_dir=tmp_path).stdout
    role = f"kindinbeeld_{area.lower()}"
    want = wanted(Choices("postgresql://h/d", "http://h", area=area))
    variables = {"sector": SECTORS, "gemeente": ["GM0014"]}
    with psycopg.connect(filled.server.url, autocommit=True) as connection:
        connection.execute(made)
        connection.execute(made)  # once more, as after an upgrade
        connection.execute(f"SET ROLE {role}".encode())
        for each in ("counts", "coverage"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT FROM kindinbeeld.{each}".encode())
        seen = connection.execute(
            f"SELECT municipality, sector, week, unreached FROM {role}.counts".encode()
        ).fetchall()
        own = [(*(row[key] for key in ("municipality", "sector", "week")), row["unreached"]) for row in filled.counts]
        assert sorted(seen) == sorted(row for row in own if inside(row[0]))
        found = connection.execute(f"SELECT DISTINCT municipality FROM {role}.coverage".encode()).fetchall()
        assert all(inside(code) for (code,) in found)
        assert connection.execute(f"SELECT position, ledger_end FROM {role}.state".encode()).fetchall() == [
            (None, None)
        ]
        for dashboard in want.dashboards:
            for _, _, sql in questions(dashboard):
                assert "kindinbeeld." not in sql
                connection.execute(expand(sql, SINCE, UNTIL, variables).encode())
        for rule in (rule for group in want.groups for rule in group["rules"]):
            sql = rule["data"][0]["model"]["rawSql"]
            places: dict[str, int] = dict(connection.execute(sql.encode()).fetchall())
            assert set(places) <= {NAMES[code] for code in NAMES if code[0] == "G" and inside(code)}
    assert [dashboard["uid"] for dashboard in want.dashboards] == [
        f"kib-{area.lower()}-country",
        f"kib-{area.lower()}-municipality",
    ]


def test_a_rise_fires_and_says_no_number(filled: Filled) -> None:
    """Five more of eight than a week before fire; four, or five of thirty, do not; what closed just now is no rise."""
    rule = next(r for g in WANT.groups for r in g["rules"] if r["uid"] == "kib-count-rising")
    sql = rule["data"][0]["model"]["rawSql"]
    weeks = [("2021-W01", monday("2021-W01")), ("2021-W02", monday("2021-W02"))]
    cases = {"GM0363": (8, 13), "GM0599": (8, 12), "GM0518": (30, 35), "GM0344": (None, 9), "GM0014": (0, 6)}
    with psycopg.connect(filled.server.url) as connection:
        for code, numbers in cases.items():
            for (week, start), number in zip(weeks, numbers, strict=True):
                if number is not None:
                    connection.execute(
                        "INSERT INTO kindinbeeld.counts SELECT %s, 'po', %s, %s, %s" + ", 0" * 14,
                        [code, week, start, number],
                    )
        found: dict[str, int] = dict(connection.execute(expand(sql, SINCE, UNTIL).encode()).fetchall())
        connection.rollback()
    assert found == {"Amsterdam": 1, "Rotterdam": 0, "'s-Gravenhage": 0, "Groningen": 1}
