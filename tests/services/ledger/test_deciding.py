"""What becomes of a line: whatever the order, the ledger ends up knowing the copy that was recorded first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.ledger.import_lines import CONFLICT_RULE, Line, decide
from services.ledger.known import Standing

STAMP = 1_000

LINES = st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 9), st.integers(0, 1)), max_size=30)


def as_lines(tuples: list[tuple[int, int | None, int]]) -> list[Line]:
    return [
        Line(number, b"", "subject", b"%d" % event, b"%d" % content, recorded)
        for number, (event, recorded, content) in enumerate(tuples, 1)
    ]


@given(LINES, LINES)
def test_the_copy_recorded_first_is_published_and_stands(
    earlier: list[tuple[int, int | None, int]], later: list[tuple[int, int | None, int]]
) -> None:
    ledger: list[Line] = []
    known: dict[bytes, Standing] = {}
    for tuples in (earlier, later):
        lines = as_lines(tuples)
        decided = decide(lines, known.get, STAMP)
        assert decided.known + len(decided.conflicts) <= len(lines)
        ledger += decided.publish
        known |= decided.standing
    for key in {line.key for line in ledger}:
        copies = [
            (STAMP if line.recorded is None else line.recorded, line.content)
            for line in as_lines(earlier) + as_lines(later)
            if line.key == key
        ]
        first = min(copies, key=lambda copy: copy[0])  # of those recorded at the same time the first to arrive
        stored = [
            (STAMP if line.recorded is None else line.recorded, line.content) for line in ledger if line.key == key
        ]
        assert min(stored, key=lambda copy: copy[0]) == first
        assert known[key] == first
    assert {line.key for line in ledger} == {line.key for line in as_lines(earlier + later)}


@given(LINES)
def test_the_same_lines_again_publish_nothing(tuples: list[tuple[int, int | None, int]]) -> None:
    lines = as_lines(tuples)
    first = decide(lines, lambda key: None, STAMP)
    again = decide(lines, first.standing.get, STAMP + 50)
    assert again.publish == []
    assert again.known + len(again.conflicts) == len(lines)


def test_a_conflict_names_the_field_and_no_value() -> None:
    decided = decide(as_lines([(1, 5, 0), (1, 5, 1)]), lambda key: None, STAMP)
    [refused] = decided.conflicts
    assert (refused.number, refused.why.field, refused.why.rule) == (2, "id", CONFLICT_RULE)


def test_a_copy_recorded_earlier_is_known_and_published_all_the_same() -> None:
    decided = decide(as_lines([(1, 3, 0)]), {b"1": (5, b"0")}.get, STAMP)
    assert (len(decided.publish), decided.known) == (1, 1)
    assert decided.standing == {b"1": (3, b"0")}


def test_another_content_recorded_earlier_is_new() -> None:
    decided = decide(as_lines([(1, 3, 1)]), {b"1": (5, b"0")}.get, STAMP)
    assert (len(decided.publish), decided.known, decided.conflicts) == (1, 0, [])
