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


def contribute(members: Iterable[Member], deltas: Deltas, sign: int) -> int | None:
    """Add (or take away) the household, once in each area for as long as any member is unreached there.

    Gives until when it may be counted in several areas at once (``apart_until``).
    """
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
    # Sorted by area: most households are in one.
    return apart_until(spans) if spans and spans[0][0] != spans[-1][0] else None


def pupil_apart_until(segments: list[Segment]) -> int | None:
    """Give ``apart_until`` of one pupil's segments; most pupils are in one area all the time."""
    for segment in segments:
        if segment.area != segments[0].area:
            return apart_until(segment[:3] for segment in segments)
    return None


def apart_until(spans: Iterable[tuple[int, int, int]]) -> int | None:
    """Give the instant after which at most one area is left in which a span runs; None when there is only one.

    From then on nobody is counted in two rows of a week, so that sums over areas count distinct.
    """
    latest: dict[int, int] = {}
    for here, _, end in spans:
        latest[here] = max(end, latest.get(here, end))
    return sorted(latest.values())[-2] if len(latest) > 1 else None
