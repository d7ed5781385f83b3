"""One municipality as of any instant, out of the log of cell changes, is what the whole table says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.archive import Archive, Manifest, changes, rows_of
from projections.archive.proving import settled_as_said
from tests.projections.archive.making import archive_of, lines_of, write
from tests.projections.evaluation.histories import COUNTED, PLACES, random_history, random_moments
from tests.projections.evaluation.oracle import Said

CODES = (*PLACES, "GM1680", "unknown")


def moments_of(said: Iterable[Said]) -> set[int]:
    """Just before, at and just after every instant at which something was recorded, or happened."""
    instants = {at for event in said for at in (event.recorded, event.occurred)}
    return {at + shift for at in instants for shift in (-1, 0, 1)}


def differing(archive: Archive, moments: Sequence[int]) -> list[tuple[int, str]]:
    found = []
    for at, tables in archive.many(moments):
        whole = rows_of(tables)
        for code in CODES:
            if not archive.municipality(code, at).equals(whole.filter(pc.equal(whole["municipality"], code))):
                found.append((at, code))
    return found


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_any_history_as_of_any_instant(seed: int) -> None:
    """Copies, retractions, late and early reports, moves, households and closures that are announced anew."""
    random = Random(seed)
    said = random_history(seed, COUNTED)
    moments = sorted(moments_of(said) | set(random_moments(seed, said, 20)))
    moments = sorted(random.sample(moments, min(40, len(moments))))
    part, chunk = random.choice((3, 1000)), random.choice((1, 4, 1000))
    with (
        patch.object(changes, "_PIECE", random.choice((8, 1000))),
        archive_of(lines_of(said), 1, 1000, part, chunk) as archive,
    ):
        assert "changes" in archive.settled.files
        assert differing(archive, moments) == []


@pytest.mark.parametrize("kinds", [[], ["device-lent"], COUNTED], ids=["only closures", "nobody unreached", "all"])
def test_nothing_known_yet_and_what_is_no_code(kinds: list[str]) -> None:
    said = [event for event in random_history(3, kinds or COUNTED) if kinds or event.kind == "closure-announced"]
    with archive_of(lines_of(said)) as archive:
        assert "changes" in archive.settled.files
        assert len(archive.municipality("GM0014", 0)) == 0
        assert differing(archive, sorted({event.recorded for event in said})) == []
        for code in ("NL", "gm0014", "GM14", "GM\u0661\u0662\u0663\u0664"):
            with pytest.raises(ValueError, match="four digits"):
                archive.municipality(code, 0)


def test_an_archive_without_a_log_gives_the_same(tmp_path: Path) -> None:
    """One that an earlier release wrote, or in which a pupil has more reports than can be followed one by one."""
    said = random_history(11, COUNTED)
    lost = next(event for event in said if event.kind == "contact-lost")
    again = [replace(lost, id=f"again-{number}") for number in range(1001)]
    with archive_of(lines_of([*said, *again])) as archive:
        assert set(archive.settled.files) == {"reports", "pupils", "households", "sources", "schools"}
        assert differing(archive, [max(event.recorded for event in said)]) == []


def test_a_log_that_does_not_follow_from_the_reports_is_found(tmp_path: Path) -> None:
    directory = tmp_path / "archive"
    manifest = write(directory, lines_of(random_history(11, COUNTED)), chunk=4)

    def found(manifest: Manifest) -> list[str]:
        with TemporaryDirectory(dir=directory) as work:
            return [each.where for each in settled_as_said(directory, manifest, Path(work), "500MB", chunk=4)]

    assert found(manifest) == []
    assert manifest.settled is not None
    [log] = manifest.settled.files["changes"]
    path = directory / log.path
    assert path.stat().st_mode & 0o777 == 0o600
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]
    more = pc.add(groups[-1]["number"], pa.scalar(1, pa.int32()))
    groups[-1] = groups[-1].set_column(groups[-1].schema.get_field_index("number"), "number", more)
    with pq.ParquetWriter(path, groups[0].schema) as writer:
        for group in groups:
            writer.write_table(group)
    assert found(manifest) == ["the log of cell changes"]
