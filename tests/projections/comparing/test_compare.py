"""Then against now: both tables are those of the definition, and the causes add up to the difference."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.comparing import CAUSES, compare
from tests.projections.archive.making import archive_of, lines_of
from tests.projections.evaluation.histories import COUNTED, random_history, random_moments
from tests.projections.evaluation.oracle import Oracle, Said, midnight
from tests.support.examples import examples

DAY = 86_400_000_000
SOURCE = "urn:nld:oin:00000099000000001000:systeem:test"
MONDAY = midnight(date(2020, 3, 16))


def unreached(said: list[Said], k: int) -> dict[tuple[str, ...], int]:
    rows = csv.reader(Oracle(said, k).counts().splitlines()[1:])
    return {tuple(row[:3]): int(row[3]) for row in rows if row[3] != "0"}


@examples(8)
@given(st.integers(0, 2**32))
def test_the_causes_add_up(seed: int) -> None:
    said = random_history(seed, COUNTED, ties=False)
    then, now = sorted(random_moments(seed, said, 2))
    with archive_of(lines_of(said)) as archive:
        rows = compare(archive, then, now).to_pylist()
    for row in rows:
        assert row["difference"] == row["now"] - row["then"] == sum(row[cause] for cause in CAUSES)
    cells = {(row["municipality"], row["sector"], row["week"]): row for row in rows}
    assert {key: row["then"] for key, row in cells.items() if row["then"]} == unreached(said, then)
    assert {key: row["now"] for key, row in cells.items() if row["now"]} == unreached(said, now)


def said(number: int, kind: str, recorded: int, occurred: int, **data: object) -> Said:
    return Said(SOURCE, f"event-{number}", kind, recorded, occurred, data)


def lost(number: int, recorded: int, occurred: int, municipality: str | None = "GM0014") -> Said:
    data = {"pupil": f"pupil--{number}", "school": "06KR00", "sector": "po", "municipality": municipality}
    return said(number, "contact-lost", recorded, occurred, **data)


CLOSED = said(
    90, "closure-announced", MONDAY - DAY, MONDAY - DAY, closure="one", sectors=["po"], municipalities=None,
    **{"from": date(2020, 3, 16), "until": date(2020, 3, 22)},
)  # fmt: skip
THEN, NOW = MONDAY + 8 * DAY, MONDAY + 9 * DAY
RETRACTED = said(91, "report-retracted", THEN + 1, THEN + 1, source=SOURCE, id="event-1")
EXTENDED = replace(
    CLOSED, id="event-92", recorded=THEN + 1, occurred=THEN + 1, data=CLOSED.data | {"until": date(2020, 3, 29)}
)


@pytest.mark.parametrize(
    ("later", "cause", "changed"),
    [
        (lost(2, THEN + 1, MONDAY + DAY), "late_reports", {("GM0014", "2020-W12"): 1}),
        (RETRACTED, "retractions", {("GM0014", "2020-W12"): -1}),
        (
            said(3, "residence-established", THEN + 1, THEN + 1, pupil="pupil--5", municipality="GM0363"),
            "residence_established",
            {("GM0363", "2020-W12"): 1, ("unknown", "2020-W12"): -1},
        ),
        (EXTENDED, "closure_redefined", {("GM0014", "2020-W13"): 1, ("unknown", "2020-W13"): 1}),
    ],
    ids=["late", "retracted", "residence", "closure"],
)
def test_one_cause_at_a_time(later: Said, cause: str, changed: dict[tuple[str, str], int]) -> None:
    known = [CLOSED, lost(1, MONDAY, MONDAY), lost(5, MONDAY, MONDAY, None)]
    with archive_of(lines_of([*known, later])) as archive:
        rows = compare(archive, THEN, NOW).to_pylist()
    assert {(row["municipality"], row["week"]): row[cause] for row in rows if row[cause]} == changed
    assert all(row[other] == 0 for row in rows for other in CAUSES if other != cause)
