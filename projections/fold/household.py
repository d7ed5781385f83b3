"""One household that several pupils may share: counted once where any of them is unreached."""

from __future__ import annotations

from collections.abc import Iterable

from events import local_day
from projections.fold.cells import HOUSEHOLDS, Deltas, flow_key
from projections.fold.pupil import FOREVER, Segment

Member = list[tuple[int, int, int]]
"""The (area, start, end) of one pupil's segments under this household."""


def members_of(segments: Iterable[Segment]) -> dict[str, Member]:
    """Give a pupil's segments by the household stated for them."""
    members: dict[str, Member] = {}
    for segment in segments:
        if segment.household is not None:
            members.setdefault(segment.household, []).append((segment.area, segment.start, segment.end))
    return members


def contribute(members: Iterable[Member], deltas: Deltas, sign: int) -> None:
    """Add (or take away) the household, once in each area for as long as any member is unreached there."""
    spans = sorted(span for member in members for span in member)
    index = 0
    while index < len(spans):
        here, start, end = spans[index]
        index += 1
        while index < len(spans) and spans[index][0] == here and spans[index][1] <= end:
            end = max(end, spans[index][2])
            index += 1
        deltas.flow[flow_key(here, local_day(start), HOUSEHOLDS)] += sign
        if end != FOREVER:
            deltas.flow[flow_key(here, local_day(end), HOUSEHOLDS)] -= sign
