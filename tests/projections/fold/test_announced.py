from __future__ import annotations

from projections.fold.calendar import Announcement, standing


def announcement(recorded: int, last: int | None = None, *, retracted: bool = False) -> Announcement:
    return Announcement(recorded, "source", str(recorded), retracted, ("po",), 737_500, last, None, "closed")


def test_a_closure_knows_when_it_was_announced_each_time() -> None:
    known = [announcement(30), announcement(10, 737_520), announcement(20, retracted=True)]
    closure = standing("eerste", known)
    assert closure is not None
    assert (closure.announced, closure.announced_at) == ((10, 30), 30)
