"""The notebook for analysts runs from its first cell to its last, and says what the commands say."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from services.simulate import simulate
from tests.support.inside import run_inside

PATH = Path(__file__).parents[1] / "docs" / "notebooks" / "then-and-now.ipynb"


def texts(cell: nbformat.NotebookNode) -> str:
    """What a cell put out, as text."""
    return "".join(str(each.get("text") or each.get("data", {}).get("text/plain", "")) for each in cell.outputs)


@pytest.mark.timeout(300)
def test_the_notebook_runs_and_says_what_the_commands_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(PATH, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code), "it is kept without what it put out"
    assert {cell.execution_count for cell in code} == {None}
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()

    history = tmp_path / "history.ndjson"
    history.write_bytes(b"".join(line + b"\n" for _, line in simulate(1, "first", events=2_000)))
    place = ("--archive", tmp_path / "archive")
    assert run_inside("archive", "build", "--from", history, *place, data_dir=tmp_path).returncode == 0
    told = run_inside("triangle", "--format", "csv", *place, data_dir=tmp_path).stdout.decode().splitlines()[1:]
    triangle = next(cell for cell in code if "triangles(" in cell.source and "print" in cell.source)
    rows = [line.split() for line in texts(triangle).splitlines()]
    assert [[each for each in row if each != "-1"] for row in rows] == [
        [each for each in re.split(",", line)[1:] if each] for line in told
    ]
    assert len(rows) > 5
    known: Counter[str] = Counter()
    for each in csv.DictReader(run_inside("evaluate", *place, data_dir=tmp_path).stdout.decode().splitlines()):
        known[each["week"]] += int(each["unreached"])
    queried = texts(next(cell for cell in code if cell.source.rstrip().endswith("by_week")))
    for week in ("2020-W12", "2020-W13", "2020-W14"):
        (found,) = (line.split("│")[3] for line in queried.splitlines() if week in line)
        assert int(found) == known[week]
    assert "2020-W15" not in queried
    assert any("image/svg+xml" in output.get("data", {}) for cell in code for output in cell.outputs)
