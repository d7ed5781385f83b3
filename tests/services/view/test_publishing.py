"""A running system publishes the table of the day by itself: once, whole, and not again after a restart."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from projections.public import PublicStore, Range
from services.simulate import simulate
from services.system import DataDir
from tests.projections.evaluation.histories import line
from tests.projections.public.test_snapshot import closed
from tests.support.whole import fetch, until, whole


def test_a_system_publishes_the_table_of_the_day_once(tmp_path: Path) -> None:
    history, calendar = tmp_path / "history.ndjson", tmp_path / "closure.ndjson"
    lines = (raw for _, raw in simulate(2, "first", 0.05, 0.05) if b"closure-announced" not in raw)
    history.write_bytes(b"".join(raw + b"\n" for raw in lines))
    calendar.write_text(line(closed(date(2020, 3, 16), date(2020, 5, 10), sectors=["po", "vo", "mbo"])) + "\n")
    store = PublicStore(DataDir(tmp_path / "system").public)
    with whole(tmp_path / "system", "up", "--port", "0", "--no-desks") as system:
        url = system.ready()
        assert fetch(url + "v1/open-data/dates.json") == {"dates": []}
        assert system.run("import", history).returncode == 0
        assert store.days() == [], "no day has been closed that anyone knows of"
        assert system.run("import", calendar).returncode == 0
        until(store.days)
        [day] = store.days()
        exact = json.loads(system.run("counts", "--format", "json").stdout)
        assert fetch(url + "v1/open-data/dates.json") == {"dates": [day.isoformat()]}
        shown = fetch(url + "v1/open-data/unreached.json")
        assert system.stop() == 0
    kept = store.latest()
    assert kept is not None
    counted = {(row["municipality"], row["sector"], row["week"]): row["unreached"] for row in exact["rows"]}
    assert len(counted) > 100
    for row in shown["rows"]:
        key = row["municipality"], row["sector"], row["week"]
        assert row["unreached"] == str(Range.of(counted.get(key, 0))), "the counts are of the same events"
    with whole(tmp_path / "system", "up", "--port", "0", "--no-desks") as system:
        url = system.ready()
        until(lambda: fetch(url + "health")["ready"])
        assert fetch(url + "v1/open-data/dates.json") == {"dates": [day.isoformat()]}
        assert system.stop() == 0
    again = store.latest()
    assert again is not None
    assert (again.as_of, again.low.tolist()) == (kept.as_of, kept.low.tolist())
