"""`kindinbeeld evaluate`, as it is run: what goes to which stream, and with which exit status it ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.projections.evaluation.histories import COUNTED, line, random_history
from tests.projections.evaluation.oracle import Oracle
from tests.support.inside import run_inside
from tests.support.systems import run_command

HISTORY = random_history(140, COUNTED)
TEXT = "".join(f"{line(event)}\n" for event in HISTORY)
EXPECTED = Oracle(HISTORY, None).counts()


def kindinbeeld(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    return run_inside("evaluate", *arguments, data_dir=Path("none"), input=stdin.encode())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_table_goes_to_standard_output_and_the_rest_to_standard_error(file: Path) -> None:
    file.write_text("{\n" + TEXT, encoding="utf-8")
    ran = run_command("evaluate", file, data_dir=file.parent)
    assert (ran.returncode, ran.stdout.decode()) == (0, EXPECTED)
    first, *_, last = ran.stderr.decode().splitlines()
    assert first.startswith("line 1: line: ")
    assert last.startswith(f"read {len(HISTORY) + 1}, known ")


def test_standard_input_and_an_output_file(tmp_path: Path) -> None:
    output = tmp_path / "table.csv"
    ran = kindinbeeld("-", "--output", str(output), stdin=TEXT)
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert output.read_bytes() == EXPECTED.encode()


def test_strict_makes_a_rejected_line_a_finding(file: Path) -> None:
    file.write_text("{\n" + TEXT, encoding="utf-8")
    ran = kindinbeeld(str(file), "--strict")
    assert (ran.returncode, ran.stdout.decode()) == (1, EXPECTED)
    assert ran.stderr.decode().splitlines()[-1].startswith("read ")


def test_golden_history(golden: Path) -> None:
    case = next(case for case in json.loads((golden / "cases.json").read_text()) if case["table"] == "coverage")
    ran = kindinbeeld(str(golden / case["events"]), "--table", "coverage", "--as-of", case["asOf"], "--strict")
    assert (ran.returncode, ran.stdout) == (0, (golden / case["expected"]).read_bytes())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--as-of", "2020-04-10"], 2),
        (["--as-of", "yesterday"], 2),
        (["--table", "other"], 2),
        (["--memory", "much"], 2),
        (["--output", "/no/such/directory/table.csv"], 3),
    ],
)
def test_wrong_usage(file: Path, arguments: list[str], status: int) -> None:
    ran = kindinbeeld(str(file), *arguments)
    assert (ran.returncode, ran.stdout) == (status, b"")
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "content", [None, b"\x1f\x8b\x08\x00cut", b"PAR1 and no more"], ids=["missing", "cut", "parquet"]
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "events"
    if content is not None:
        path.write_bytes(content)
    ran = kindinbeeld(str(path))
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert len(ran.stderr.splitlines()) == 1
