"""The tables over HTTP are those of the definition."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from events import format_instant
from events.times import parse_instant
from projections.evaluation import evaluate
from projections.register import codes_on
from projections.tables import write_csv
from services.simulate import simulate
from tests.conftest import SHARED
from tests.services.web.api.conftest import Api, ServeApi, serving
from tests.services.web.fake import Closure, FakeSource, at
from tests.support.live import fed_view, known_at, messages_of

CASES = json.loads((SHARED / "golden" / "cases.json").read_text()) if SHARED else []
K = parse_instant("2020-04-10T12:00:00+02:00")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expected"])
def test_golden_history(case: dict[str, str], golden: Path, serve_api: ServeApi) -> None:
    messages = messages_of((golden / case["events"]).read_bytes().splitlines())
    recorded = [message.recorded for message in messages if hasattr(message, "recorded")]
    k = parse_instant(case["asOf"]) if case["asOf"] else max(recorded) + 1
    with fed_view() as fed:
        fed.feed(known_at(messages, k), [500])
        api = serve_api(fed.reader, lambda: k)
        expected = (golden / case["expected"]).read_text()
        assert api.table(case["table"]) == expected


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "history.ndjson"
    path.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=3_000)))
    return path


@pytest.fixture(scope="module")
def api(history: Path) -> Iterator[Api]:
    """The view of a simulated history, as known at K."""
    with fed_view() as fed:
        fed.feed(known_at(messages_of(history.read_bytes().splitlines()), K), [1000])
        running = serving()
        yield next(running)(fed.reader, lambda: K)
        next(running, None)


def evaluated(history: Path, table: str, all_rows: bool = False) -> str:
    text = io.StringIO()
    write_csv(table, evaluate(history, K, table, all_rows=all_rows).rows(), text)
    return text.getvalue()


@pytest.mark.parametrize("table", ["counts", "coverage"])
def test_as_evaluate(table: str, api: Api, history: Path) -> None:
    found = api.table(table)
    assert found.count("\n") > 100
    assert found == evaluated(history, table)


def test_all_rows_as_evaluate(api: Api, history: Path) -> None:
    found = api.table("counts", allRows="true")
    assert found.count("\n") > 4 * 4 * 355
    assert found == evaluated(history, "counts", all_rows=True)


def test_all_rows_of_local_closures_and_codes_that_end(serve_api: ServeApi) -> None:
    """Rows of zeros are those that the replay has too: before any number, and where a code ends within a week."""
    named = ("GM0010", "GM0014", "GM1979", "GM0003")
    source = FakeSource(
        now=at("2021-01-05T12:00:00"),
        closed=(Closure("kort", ("vo",), at_day("2020-12-30"), at_day("2021-01-02"), named),),
    )
    items = serve_api(source, source.clock).items("counts", allRows="true")
    assert {(item["municipality"], item["sector"], item["week"]) for item in items} == {
        (code, "vo", "2020-W53") for code in named
    }
    source.closed = (Closure("kort", ("vo",), at_day("2021-01-01"), at_day("2021-01-02"), named),)
    items = serve_api(source, source.clock).items("counts", allRows="true")
    assert [item["municipality"] for item in items] == ["GM0014", "GM1979"]


def at_day(text: str) -> date:
    return date.fromisoformat(text)


def test_filters(api: Api) -> None:
    rows = api.items("counts", pageSize=5000)
    first = rows[0]
    code, week = first["municipality"], first["week"]
    weeks = sorted({row["week"] for row in rows})
    assert api.items("counts", municipality=code) == [row for row in rows if row["municipality"] == code]
    assert api.items("counts", municipality=[code, "unknown"]) == [
        row for row in rows if row["municipality"] in (code, "unknown")
    ]
    assert api.items("counts", week=week, sector="po") == [
        row for row in rows if (row["week"], row["sector"]) == (week, "po")
    ]
    assert api.items("counts", fromWeek=weeks[1], untilWeek=weeks[2], pageSize=5000) == [
        row for row in rows if weeks[1] <= row["week"] <= weeks[2]
    ]
    assert api.items("counts", minUnreached=3) == [row for row in rows if row["unreached"] >= 3]
    assert api.items("counts", area="NL", pageSize=5000) == rows
    assert api.items("counts", area="unknown") == api.items("counts", municipality="unknown")
    by_province = [row for number in range(20, 32) for row in api.items("counts", area=f"PV{number}", pageSize=5000)]
    assert sorted(by_province, key=str) == sorted((r for r in rows if r["municipality"] != "unknown"), key=str)
    region = {row["municipality"] for row in api.items("counts", area="VR01")}
    known = {m["code"] for m in api.items("municipalities", area="VR01")}
    assert region
    assert region <= known


def test_an_exact_number_has_equal_bounds(api: Api) -> None:
    for row in api.items("counts", pageSize=5000):
        assert row["unreachedLow"] == row["unreached"] == row["unreachedHigh"]


def test_the_register(api: Api) -> None:
    all_codes = api.items("municipalities")
    day = at_day("2020-04-01")
    assert [m["code"] for m in api.items("municipalities", day="2020-04-01")] == list(codes_on(day.toordinal()))
    appingedam = next(m for m in all_codes if m["code"] == "GM0003")
    assert appingedam == appingedam | {
        "name": "Appingedam",
        "validUntil": "2020-12-31",
        "successors": ["GM1979"],
        "province": "PV20",
        "safetyRegion": "VR01",
    }


def test_weeks_and_closures(serve_api: ServeApi) -> None:
    source = FakeSource(
        closed=(
            Closure("b", ("po", "vo"), at_day("2020-03-18"), at_day("2020-03-27"), ("GM0014",)),
            Closure("a", ("mbo",), at_day("2020-03-23"), None, None, None),
            Closure("later", ("so",), at_day("2020-05-04")),
        ),
        now=at("2020-04-01T09:00:00"),
    )
    api = serve_api(source, source.clock)
    assert api.items("weeks") == [
        week("2020-W12", "2020-03-16", "2020-03-22", "po", "vo"),
        week("2020-W13", "2020-03-23", "2020-03-29", "po", "vo", "mbo"),
        week("2020-W14", "2020-03-30", "2020-04-05", "mbo") | {"running": True},
    ]
    closures = api.items("closures")
    assert [each["closure"] for each in closures] == ["b", "a", "later"]
    assert closures[0] == {
        "closure": "b",
        "sectors": ["po", "vo"],
        "from": "2020-03-18",
        "until": "2020-03-27",
        "municipalities": ["GM0014"],
        "regime": "closed",
    }
    assert closures[1] == closures[1] | {"until": None, "municipalities": None, "regime": None}


def week(name: str, first: str, last: str, *sectors: str) -> dict[str, object]:
    return {"week": name, "firstDay": first, "lastDay": last, "closedSectors": list(sectors), "running": False}


def test_the_status(serve_api: ServeApi) -> None:
    source = FakeSource()
    answer = serve_api(source, source.clock).get("status").json()
    assert answer == {
        "asOf": format_instant(source.now),
        "position": 1,
        "ledgerPosition": 1,
        "eventsBehind": 0,
        "secondsBehind": 0.0,
        "current": True,
        "clock": "real",
        "lastAudit": None,
    }


def test_before_anything_was_read(serve_api: ServeApi) -> None:
    source = FakeSource(broken=True)
    api = serve_api(source, source.clock)
    for path in ("counts", "coverage", "rates", "municipalities", "weeks", "closures", "status"):
        answer = api.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert answer.headers["content-type"] == "application/problem+json"
