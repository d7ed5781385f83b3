"""What pages ask of the live view beside its tables, and what they are told."""

from __future__ import annotations

from typing import Protocol, overload

from msgspec import Struct

from projections.live.schools import School

__all__ = [
    "Area",
    "Batch",
    "Details",
    "OfArea",
    "OfPlace",
    "Place",
    "Question",
    "SettledWeek",
    "Together",
    "no_details",
]

Weeks = tuple[tuple[str, str], ...]
"""The keys of views (`all` and the sectors), each with the last week that it shows."""


class Area(Struct, frozen=True, tag=True):
    """Of the municipalities with these codes together, in these weeks; None: of all."""

    codes: tuple[str, ...] | None
    weeks: Weeks


class Place(Struct, frozen=True, tag=True):
    """Of one municipality, in these weeks."""

    code: str
    weeks: Weeks


Question = Area | Place


class Batch(Struct, frozen=True):
    """Questions to be answered as of one K, in microseconds."""

    at: int
    questions: tuple[Question, ...]


class OfArea(Struct, frozen=True, tag=True):
    """By the key of a view; a key is missing where there is nothing to tell."""

    change: dict[str, int]
    """What `unreached` has changed by since the end of yesterday."""
    households: dict[str, int]
    """Distinct households among `unreached`."""
    durations: dict[str, tuple[int, ...]]
    """Those who are not reached now, by how long (`projections.live.durations.DURATIONS`)."""
    unreached: dict[str, int]
    """Of how many pupils the households are: a page may be further by the time that it tells them."""


class SettledWeek(Struct, frozen=True):
    """`unreached` of a past week as it was known when; None where there was no such row then."""

    week: str
    known: tuple[int | None, ...]
    """At its end, and a week, two weeks and so on after it; as many as have passed."""
    now: int | None


class Together(Struct, frozen=True):
    """Each counted once, however many sectors it is in."""

    week: str
    during: int
    """Pupils not reached at some time in the week."""
    households: int
    """Those of the pupils not reached at its end."""


class OfPlace(Struct, frozen=True, tag=True):
    """Of one municipality."""

    schools: tuple[School, ...]
    """Those expected to answer for the last week of their sector, by sector and code."""
    settled: dict[str, tuple[SettledWeek, ...]] | None
    """By the key of a view, the weeks that are over, the last first; None while they are being counted."""
    together: Together | None
    """Of all sectors together in the last week that is shown; None where there is none."""


class Details(Protocol):
    """Gives the newest answer that there is, at once, and sees to it that newer ones come."""

    @overload
    def __call__(self, question: Area, /) -> OfArea | None: ...
    @overload
    def __call__(self, question: Place, /) -> OfPlace | None: ...


def no_details(_: Question, /) -> None:
    """Give nothing: the details of someone who may see none, or of a view that is not there."""
