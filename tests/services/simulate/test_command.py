"""`kindinbeeld simulate` as it is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from events import read_lines
from services.cli import simulate as command
from services.simulate import simulate
from services.system import WrongUsage

SMALL = ["--seed", "4", "--events", "3000"]


@pytest.fixture
def run(tmp_path: Path) -> typer.Typer:
    app = typer.Typer()
    command.register(app)
    return app


@pytest.mark.parametrize("name", ["history.ndjson", "history.ndjson.gz", "history.ndjson.zst"])
def test_writes_a_file_compressed_as_its_name_says(run: typer.Typer, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    result = CliRunner().invoke(run, [*SMALL, "--output", str(path)])
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    lines = [line for _, line in read_lines(path)]
    assert lines == [line for _, line in simulate(4, events=3000)]
    assert f"wrote {len(lines)} events" in result.stderr
    magic = {".ndjson": b"{", ".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}[path.suffix]
    assert path.read_bytes().startswith(magic)


def test_standard_output_is_equal_bytes_in_every_process() -> None:
    code = "import typer; from services.cli import simulate as c; a = typer.Typer(); c.register(a); a()"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, *SMALL, "--closure", "second"],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"\n") == pytest.approx(3000, rel=0.02)


@pytest.mark.parametrize("wrong", [["--scale", "2", "--events", "5000"], ["--events", "5"], ["--scale", "0"]])
def test_wrong_usage_is_named(run: typer.Typer, wrong: list[str]) -> None:
    result = CliRunner().invoke(run, wrong)
    assert isinstance(result.exception, WrongUsage)
    assert result.exception.exit_status == 2
    assert result.exception.message.startswith(("--scale", "--events"))


def test_a_place_that_cannot_be_written_is_named(run: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(run, [*SMALL, "--output", str(tmp_path / "no" / "where")])
    assert getattr(result.exception, "exit_status", None) == 3
