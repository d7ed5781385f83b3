"""What is drawn: every position and every text of a picture, ready to be put on paper.

Nothing here knows where the numbers come from or in which language the texts are. x is in days from the left edge of
the plot, y in what is counted.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from services.web.charts.themes import ThemeName

__all__ = ["FORMATS", "Form", "Heat", "HeatCell", "HeatRow", "Job", "Label", "Lane", "Line", "Lines", "Point", "Tick"]

Form = Literal["svg", "png"]
FORMATS: Final[dict[Form, str]] = {"svg": "image/svg+xml", "png": "image/png"}
"""The media type of a picture, by the end of its address."""


class Tick(msgspec.Struct, frozen=True):
    """A place on an axis, with one line of text or two."""

    at: float
    texts: tuple[str, ...]


class Point(msgspec.Struct, frozen=True):
    """A number at a day: the least and the most that it may be. `silent`: nobody has answered for it yet."""

    x: float
    low: float
    high: float
    silent: bool = False


class Line(msgspec.Struct, frozen=True):
    """A line, in pieces where there is nothing between. `key` chooses its colour and its dashes."""

    key: str
    label: str
    runs: tuple[tuple[Point, ...], ...]


class Lane(msgspec.Struct, frozen=True):
    """A closure: from which day to which it works."""

    name: str
    starts: float
    ends: float


class Label(msgspec.Struct, frozen=True):
    """A text at a day, and a shorter one where there is no room for it."""

    x: float
    text: str
    short: str = ""


class Lines(msgspec.Struct, frozen=True, tag="lines"):
    """Lines by week, with the closures in which they lie. Sizes in pixels."""

    theme: ThemeName
    width: int
    height: int
    days: float
    top: float
    """The number at the upper edge; the lower edge is 0."""
    weeks: tuple[Tick, ...]
    numbers: tuple[Tick, ...]
    lines: tuple[Line, ...]
    closures: tuple[Lane, ...] = ()
    decisions: tuple[Label, ...] = ()
    silent: tuple[Label, ...] = ()
    """Weeks of which there is no number, as nobody has answered."""
    title: str = ""
    subtitle: str = ""
    footer: str = ""


class HeatCell(msgspec.Struct, frozen=True):
    """A cell: its text, the step of the scale (-1: none), the small text under it, whether all is silence."""

    text: str
    level: int = -1
    small: str = ""
    silent: bool = False


class HeatRow(msgspec.Struct, frozen=True):
    """A row of a table."""

    name: str
    cells: tuple[HeatCell, ...]
    total: bool = False


class Heat(msgspec.Struct, frozen=True, tag="heat"):
    """A table whose cells are coloured by their numbers."""

    theme: ThemeName
    title: str
    subtitle: str
    heads: tuple[tuple[str, str], ...]
    """Title of a column, and the small text under it."""
    rows: tuple[HeatRow, ...]
    legend: tuple[tuple[str, str], ...]
    """The looks of cells that need words, and the steps of the scale: class and text."""
    footer: str


class Job(msgspec.Struct, frozen=True):
    """A picture, and as what it is wanted."""

    picture: Lines | Heat
    form: Form
