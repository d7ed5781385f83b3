"""`whatif` and `evaluate --variant` as they are run: every row says that it is a variant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.projections.archive.making import lines_of, write
from tests.projections.evaluation.histories import COUNTED, COVERED, random_history
from tests.projections.evaluation.oracle import Oracle
from tests.projections.evaluation.running import run
from tests.support.inside import run_inside

HISTORY = random_history(140, [*COUNTED, *COVERED], ties=False)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A data directory with an archive and the same events in a file."""
    with TemporaryDirectory() as temporary:
        write(Path(temporary) / "archive", lines_of(HISTORY))
        (Path(temporary) / "events.ndjson").write_text("\n".join(lines_of(HISTORY)))
        yield Path(temporary)


def test_a_change_beside_the_official_count_saved_and_used_again(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "end.toml"
    asked = ("--set", "residence=at-the-end", "--name", "end", "--save", file, "--format", "csv")
    ran = run_inside("whatif", *asked, data_dir=place)
    assert ran.returncode == 0, ran.stderr
    rows = list(csv.DictReader(io.StringIO(ran.stdout.decode())))
    official = {tuple(row[:3]): int(row[3]) for row in csv.reader(Oracle(HISTORY, None).counts().splitlines()[1:])}
    keys = [(row["municipality"], row["sector"], row["week"]) for row in rows]
    assert {key: int(row["official"]) for key, row in zip(keys, rows, strict=True) if row["official"] != "0"} == {
        key: number for key, number in official.items() if number
    }
    assert any(row["difference"] != "0" for row in rows)
    [mark] = {row["definition"] for row in rows}
    assert mark.startswith("variant end ")
    assert mark.split()[-1] in file.read_text()
    # The same from the file that was saved, and from a file of events.
    sources: tuple[list[Path], ...] = ([], [place / "events.ndjson"])
    for source in sources:
        again = run_inside("whatif", *source, "--variant", file, "--format", "csv", data_dir=place)
        assert (again.returncode, again.stdout) == (0, ran.stdout)
    whole = run_inside("evaluate", "--variant", file, data_dir=place)
    table = list(csv.DictReader(io.StringIO(whole.stdout.decode())))
    assert {row["definition"] for row in table} == {mark}
    assert sum(int(row["unreached"]) for row in table) == sum(int(row["variant"]) for row in rows)
    total = run_inside("whatif", "--variant", file, "--total", "--format", "csv", data_dir=place)
    sums = list(csv.DictReader(io.StringIO(total.stdout.decode())))
    assert {row["definition"] for row in sums} == {mark}
    assert sum(int(row["variant"]) for row in sums) == sum(int(row["variant"]) for row in rows)


def test_without_a_variant_nothing_is_marked_and_nothing_changes(place: Path, tmp_path: Path) -> None:
    (tmp_path / "official.toml").write_text('name = "official"\n')
    given: tuple[list[str | Path], ...] = ([], ["--variant", tmp_path / "official.toml"])
    plain, marked = (run_inside("evaluate", *options, data_dir=place).stdout.decode().splitlines() for options in given)
    assert marked == [f"{'official' if at else 'definition'},{row}" for at, row in enumerate(plain)]
    assert plain == run(lines_of(HISTORY)).csv.splitlines()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["whatif"], "--set"),
        (["whatif", "--set", "residence"], "--set"),
        (["whatif", "--set", "residence=x"], "residence"),
        (["whatif", "--set", "restores=x"], "restores"),
        (["whatif", "--set", "residence=stated"], "none differs"),
        (["whatif", "--set", "partial=false", "--measure", "x"], "--measure"),
        (["whatif", "--variant", "nowhere.toml"], "--variant"),
        (["evaluate", "--variant", "nowhere.toml"], "--variant"),
    ],
)
def test_what_is_refused(place: Path, arguments: list[str], says: str) -> None:
    ran = run_inside(*arguments, data_dir=place)
    assert ran.returncode == 2
    assert says in ran.stderr.decode()
    assert len(ran.stderr.splitlines()) == 1
