"""Files of events: every line is checked, what breaks a rule is named, and no way of packing makes a difference."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from projections.evaluation import LinesError, evaluate, reading
from projections.tables import SECTORS
from tests.projections.evaluation.histories import COUNTED, line, random_history
from tests.projections.evaluation.oracle import Oracle
from tests.projections.evaluation.running import run, run_file

HISTORY = random_history(140, COUNTED)
GOOD = [line(event) for event in HISTORY]
EXPECTED = Oracle(HISTORY, None).counts()
LOST = json.loads(next(text for text in GOOD if "contact-lost" in text))


def lost(**data: object) -> str:
    return json.dumps({**LOST, "id": "another", "data": {**LOST["data"], **data}})


def without(name: str) -> str:
    return json.dumps({key: value for key, value in LOST.items() if key != name})


BROKEN = [
    ("not JSON", "{", "line"),
    ("cut in its middle", GOOD[0][:-40], "line"),
    ("no object", "[]", "line"),
    ("not UTF-8", "\udcff", "line"),
    ("no recordedtime", without("recordedtime"), "recordedtime"),
    ("no source", without("source"), "source"),
    ("unknown kind", json.dumps({**LOST, "type": "nl.kinderen-in-beeld.v1.contact-found"}), "type"),
    ("no such sector", lost(sector="hbo"), "data.sector"),
    ("a BSN", lost(pupil="111222333"), "data.pupil"),
    ("no such day", lost(occurredAt="2020-02-30T09:00:00Z"), "data.occurredAt"),
    ("after it was recorded", lost(occurredAt="2199-01-01T00:00:00Z"), "data.occurredAt"),
]


def test_the_history_has_something_to_count() -> None:
    assert EXPECTED.count("\n") > 3


@pytest.mark.parametrize(
    ("text", "field"), [(text, field) for _, text, field in BROKEN], ids=[name for name, _, _ in BROKEN]
)
def test_a_broken_line_is_named_and_the_rest_goes_on(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "events.ndjson"
    lines = [*GOOD[:3], text, *GOOD[3:]]
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")
    ran = run_file(path)
    assert [(number, where) for number, where, _ in ran.rejected] == [(4, field)]
    assert ran.csv == EXPECTED
    assert (ran.result.read, ran.result.rejected) == (len(lines), 1)
    assert "pupil" not in "".join(rule for _, _, rule in ran.rejected)


def test_lines_keep_their_numbers_past_blank_ones_and_other_ends() -> None:
    ran = run(["", *GOOD[:2], "   ", "\r", "{", *[f"{text}\r" for text in GOOD[2:]], "", "[]"])
    assert [number for number, _, _ in ran.rejected] == [6, len(GOOD) + 6]
    assert ran.csv == EXPECTED
    assert ran.result.read == len(GOOD) + 2


def test_a_file_cut_in_the_middle_of_a_line_loses_that_line(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join([*GOOD, lost()])[:-1], encoding="utf-8")
    ran = run_file(path)
    assert [(number, field) for number, field, _ in ran.rejected] == [(len(GOOD) + 1, "line")]
    assert ran.csv == EXPECTED


PACKED: list[Callable[[bytes], bytes]] = [gzip.compress, zstandard.compress]


@pytest.mark.parametrize("pack", PACKED)
def test_a_compressed_file_gives_the_same(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "events"
    path.write_bytes(pack("\n".join(GOOD).encode()))
    assert run_file(path).csv == EXPECTED


@pytest.mark.parametrize("pack", PACKED)
def test_a_compressed_file_that_is_cut_off_gives_no_table(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "events"
    path.write_bytes(pack("\n".join(GOOD).encode())[:-50])
    with pytest.raises(LinesError):
        evaluate(path)


def test_reading_on_several_processes_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of many chunks, broken lines and copies in all of them; named in the order of the lines."""
    monkeypatch.setattr(reading, "CHUNK", 4000)
    path = tmp_path / "events.ndjson"
    lines = [text for part in range(0, len(GOOD), 5) for text in (*GOOD[part : part + 5], "{", "")]
    path.write_text("\n".join([*lines, *GOOD]), encoding="utf-8")
    assert path.stat().st_size > 5 * 4000
    ran = run_file(path)
    broken = [number for number, text in enumerate(lines, start=1) if text == "{"]
    assert [number for number, field, _ in ran.rejected if field == "line"] == broken
    assert ran.csv == EXPECTED
    assert ran.result.known >= len(GOOD) - len(ran.rejected)


def test_copies_are_known_or_have_other_content(tmp_path: Path) -> None:
    first = next(event for event in HISTORY if event.kind == "contact-lost")
    later = replace(first, recorded=first.recorded + 1)
    other = replace(later, data={**first.data, "sector": next(s for s in SECTORS if s != first.data["sector"])})
    written_otherwise = json.dumps({**json.loads(line(later)), "time": None}, indent=None, sort_keys=True)
    same = json.dumps(json.loads(line(later)), sort_keys=True, separators=(",", ":"))
    only_first = [event for event in HISTORY if event.key != first.key]
    lines = [line(event) for event in only_first]
    ran = run([*lines, same, line(other), line(first), written_otherwise])
    before = run(lines)
    count = len(lines)
    # The first recorded stands, wherever it lies: the third of these lines. Null is not absent.
    assert [(number, field) for number, field, _ in ran.rejected[len(before.rejected) :]] == [
        (count + 2, "id"),
        (count + 4, "id"),
    ]
    assert ran.result.known == before.result.known + 1
    assert ran.result.rejected == before.result.rejected + 2


@pytest.mark.parametrize("name", ["missing.ndjson", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(LinesError):
        evaluate(tmp_path / name)
