"""Events as columns: what they hold, and what a Parquet file of them says of itself."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projections.evaluation import ColumnsError, columns_of, evaluate, write_parquet
from projections.evaluation.columns import SCHEMA, check_parquet
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.evaluation.oracle import micros
from tests.projections.evaluation.running import run, run_file

OCCURRED = "2020-03-18T09:00:00.000001+01:00"
RECORDED = datetime(2020, 3, 18, 9, 30, tzinfo=UTC)
EVENTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "contact-lost",
        {"pupil": "pupil-1x", "school": "06KR00", "sector": "po", "municipality": None, "household": "house-1x"},
        {"pupil": "pupil-1x", "school": "06KR00", "sector": "po", "household": "house-1x"},
    ),
    ("contact-restored", {"pupil": "pupil-1x", "via": "phone"}, {"pupil": "pupil-1x", "via": "phone"}),
    (
        "device-lent",
        {"pupil": "pupil-1x", "sector": "vo", "device": "tablet", "lender": "gemeente"},
        {"pupil": "pupil-1x", "sector": "vo", "device": "tablet"},
    ),
    (
        "door-visit",
        {"pupil": "pupil-1x", "sector": "vo", "outcome": "refused", "visitor": "wij"},
        {"pupil": "pupil-1x", "sector": "vo", "outcome": "refused", "visitor": "wij"},
    ),
    (
        "residence-established",
        {"pupil": "pupil-1x", "municipality": "GM0014"},
        {"pupil": "pupil-1x", "municipality": "GM0014"},
    ),
    (
        "report-retracted",
        {"retracts": {"source": "urn:nld:kvknr:12345678:systeem:a", "id": "é"}, "reason": "typing error"},
        {"retracts_source": "urn:nld:kvknr:12345678:systeem:a", "retracts_id": "é", "reason": "typing error"},
    ),
    (
        "week-reported",
        {"school": "06KR00", "sector": "so", "week": "2020-W53", "unreached": 3},
        {"school": "06KR00", "sector": "so", "week": "2020-W53", "unreached": 3},
    ),
    (
        "reminder-sent",
        {"school": "06KR00", "sector": "so", "week": "2020-W53"},
        {"school": "06KR00", "sector": "so", "week": "2020-W53"},
    ),
    (
        "school-registered",
        {
            "school": "06KR00",
            "sector": "so",
            "municipality": "GM0014",
            "from": "1900-01-01",
            "name": "De Ark",
            "pupils": 9,
        },
        {
            "school": "06KR00",
            "sector": "so",
            "municipality": "GM0014",
            "from_date": date(1900, 1, 1),
            "name": "De Ark",
            "pupils": 9,
        },
    ),
    (
        "closure-announced",
        {
            "closure": "lokaal",
            "sectors": ["po", "vo"],
            "from": "2020-03-16",
            "until": "2199-12-31",
            "municipalities": ["GM0014"],
            "regime": "partial",
        },
        {
            "closure": "lokaal",
            "sectors": ["po", "vo"],
            "from_date": date(2020, 3, 16),
            "until_date": date(2199, 12, 31),
            "municipalities": ["GM0014"],
            "regime": "partial",
        },
    ),
]


def raw(kind: str, data: dict[str, Any]) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": f"id of {kind}",
        "source": "urn:nld:kvknr:12345678:systeem:a",
        "type": f"nl.kinderen-in-beeld.v1.{kind}",
        "data": {"occurredAt": OCCURRED, **data},
    }
    return json.dumps(envelope, ensure_ascii=False).encode()


def messages() -> list[tuple[int, int, bytes]]:
    return [(7 * n, micros(RECORDED) + n, raw(kind, data)) for n, (kind, data, _) in enumerate(EVENTS, start=1)]


def test_every_kind_has_its_columns() -> None:
    (batch,) = columns_of(messages(), keep_event=True)
    assert batch.schema.equals(SCHEMA)
    for row, (position, recorded, text), (kind, _, own) in zip(batch.to_pylist(), messages(), EVENTS, strict=True):
        assert {name: value for name, value in row.items() if value is not None} == {
            "position": position,
            "source": "urn:nld:kvknr:12345678:systeem:a",
            "id": f"id of {kind}",
            "kind": kind,
            "recorded_at": RECORDED.replace(microsecond=recorded % 1_000_000),
            "occurred_at": datetime(2020, 3, 18, 8, 0, 0, 1, tzinfo=UTC),
            "event": text.decode(),
            **own,
        }


def test_a_parquet_file_keeps_every_byte_and_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    assert write_parquet(columns_of(messages(), keep_event=True), path) == len(EVENTS)
    assert pq.read_metadata(path).metadata[b"kindinbeeld.format"] == b"1"
    assert pq.read_table(path, columns=["event"])["event"].to_pylist() == [text.decode() for _, _, text in messages()]
    check_parquet(path)


def test_without_events_there_are_columns_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    assert write_parquet(columns_of([], keep_event=True), path) == 0
    assert evaluate(path).columns.num_rows == 0


def test_the_text_of_an_event_is_left_out_when_asked() -> None:
    (batch,) = columns_of(messages(), keep_event=False)
    assert batch["event"].null_count == len(EVENTS)


@pytest.mark.parametrize("table", ["counts", "coverage"])
def test_parquet_gives_the_table_of_the_lines_it_was_made_of(tmp_path: Path, table: str) -> None:
    said = random_history(140, COUNTED + COVERED)
    path = tmp_path / "events.parquet"
    texts = [line(event) for event in said]
    rows = [
        (number, event.recorded, text.encode()) for number, (event, text) in enumerate(zip(said, texts, strict=True), 1)
    ]
    write_parquet(columns_of(rows, keep_event=True), path)
    of_lines, of_columns = run(texts, table=table), run_file(path, table=table)
    assert of_lines.csv.count("\n") > 1
    assert of_columns.csv == of_lines.csv
    assert of_columns.rejected == of_lines.rejected
    assert of_columns.result.known == of_lines.result.known


def unmarked(path: Path) -> None:
    pq.write_table(pa.table({"position": [1]}), path)


def of_another_format(path: Path) -> None:
    pq.write_table(SCHEMA.empty_table().replace_schema_metadata({"kindinbeeld.format": "2"}), path)


def without_a_column(path: Path) -> None:
    pq.write_table(SCHEMA.empty_table().drop_columns("pupil"), path)


def cut_off(path: Path) -> None:
    write_parquet(columns_of(messages(), keep_event=True), path)
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (unmarked, 'without the mark kindinbeeld.format = "1"'),
        (of_another_format, "format that this release does not know"),
        (without_a_column, "format that this release does not know"),
        (cut_off, "not a Parquet file that can be read"),
    ],
)
def test_another_parquet_file_is_refused(tmp_path: Path, make: Any, words: str) -> None:
    path = tmp_path / "other.parquet"
    make(path)
    with pytest.raises(ColumnsError, match=words):
        evaluate(path)
