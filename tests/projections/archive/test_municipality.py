"""One municipality as of any instant, out of the log of cell changes, is what the whole table says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.archive import Archive, Manifest, changes, rows_of
from projections.archive.proving import settled_as_said
from tests.projections.archive.making import archive_of, lines_of, write
from tests.projections.evaluation.histories import COUNTED, DAY, HOUR, PLACES, random_history, random_moments
from tests.projections.evaluation.oracle import Said, day_of, midnight
from tests.support.examples import examples

CODES = (*PLACES, "GM1680", "unknown")


def moments_of(events: Iterable[Said]) -> set[int]:
    """Just before, at and just after every instant at which something was recorded, or happened."""
    instants = {at for event in events for at in (event.recorded, event.occurred)}
    return {at + shift for at in instants for shift in (-1, 0, 1)}


def said(number: int, kind: str, occurred: int, recorded: int | None = None, **data: Any) -> Said:
    return Said("urn:nld:kvknr:12345678:systeem:b", f"event-{number}", kind, recorded or occurred, occurred, data)


def differing(archive: Archive, moments: Sequence[int]) -> list[tuple[int, str]]:
    found = []
    for at, tables in archive.many(moments):
        whole = rows_of(tables)
        for code in CODES:
            if not archive.municipality(code, at).equals(whole.filter(pc.equal(whole["municipality"], code))):
                found.append((at, code))
    return found


@examples(6)
@given(st.integers(0, 2**32))
def test_any_history_as_of_any_instant(seed: int) -> None:
    """Copies, retractions, late and early reports, moves, households and closures that are announced anew."""
    random = Random(seed)
    events = random_history(seed, COUNTED)
    moments = sorted(moments_of(events) | set(random_moments(seed, events, 20)))
    moments = sorted(random.sample(moments, min(30, len(moments))))
    part, chunk = random.choice((3, 1000)), random.choice((1, 4, 1000))
    with (
        patch.object(changes, "_PIECE", random.choice((8, 1000))),
        archive_of(lines_of(events), 1, 1000, part, chunk) as archive,
    ):
        assert "changes" in archive.settled.files
        assert differing(archive, moments) == []


def test_who_passes_four_weeks_does_so_at_that_instant(tmp_path: Path) -> None:
    """Without any event; and who was found before, or was reported only later, does not."""
    lost = midnight(date(2020, 3, 17)) + 9 * HOUR
    ripe = lost + 28 * DAY
    loss: dict[str, Any] = {"school": "06KR00", "sector": "po", "municipality": "GM0014"}
    closed: dict[str, Any] = {
        "closure": "one",
        "sectors": ["po"],
        "municipalities": None,
        "from": date(2020, 3, 16),
        "until": None,
    }
    events = [
        said(0, "closure-announced", lost - DAY, **closed),
        said(1, "contact-lost", lost, pupil="pupil--1", household="househo1", **loss),
        said(2, "contact-lost", lost + 1, pupil="pupil--2", household="househo1", **loss),
        said(3, "contact-lost", lost, ripe - HOUR, pupil="pupil--3", household=None, **loss),
        said(4, "contact-lost", lost, pupil="pupil--4", household=None, **loss),
        said(5, "contact-restored", ripe - 2 * HOUR, ripe + HOUR, pupil="pupil--4", via="phone"),
    ]
    tonight = midnight(day_of(ripe) + timedelta(days=1))
    instants = (midnight(day_of(ripe)), ripe - 2 * HOUR, ripe - HOUR, ripe, ripe + 1, ripe + HOUR, tonight)
    moments = sorted(at + shift for at in instants for shift in (-2, -1, 0, 1, 2))
    with archive_of(lines_of(events), chunk=4) as archive:
        assert differing(archive, moments) == []

        def passed(at: int) -> int:
            [*_, last] = archive.municipality("GM0014", at).to_pylist()
            return int(last["unreached_over_4_weeks"])

        assert [passed(at) for at in (ripe - 1, ripe, ripe + 1, ripe + HOUR - 1, ripe + HOUR)] == [0, 3, 4, 4, 3]


@pytest.mark.parametrize("kinds", [[], ["device-lent"], COUNTED], ids=["only closures", "nobody unreached", "all"])
def test_nothing_known_yet_and_what_is_no_code(kinds: list[str]) -> None:
    events = [event for event in random_history(3, kinds or COUNTED) if kinds or event.kind == "closure-announced"]
    with archive_of(lines_of(events)) as archive:
        assert "changes" in archive.settled.files
        assert len(archive.municipality("GM0014", 0)) == 0
        assert differing(archive, sorted({event.recorded for event in events})) == []
        for code in ("NL", "gm0014", "GM14", "GM\u0661\u0662\u0663\u0664"):
            with pytest.raises(ValueError, match="four digits"):
                archive.municipality(code, 0)


def test_an_archive_without_a_log_gives_the_same(tmp_path: Path) -> None:
    """One that an earlier release wrote, or in which a pupil has more reports than can be followed one by one."""
    events = random_history(11, COUNTED)
    lost = next(event for event in events if event.kind == "contact-lost")
    again = [replace(lost, id=f"again-{number}") for number in range(1001)]
    with archive_of(lines_of([*events, *again])) as archive:
        assert set(archive.settled.files) == {"reports", "pupils", "households", "sources", "schools"}
        assert differing(archive, [max(event.recorded for event in events)]) == []


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
