"""Draws lines by week: the closures above them, their days shaded, and every line named where it ends."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import orjson

from services.web.charts.paper import Sheet
from services.web.charts.pictures import Form, Line, Lines, Tick
from services.web.charts.themes import THEMES

__all__ = ["draw_lines"]

_SMALL, _SMALLER = 12, 11
_LETTER, _BOLD = 0.54, 0.64
"""About how wide a letter is, in its size; and one that is bold."""
_WEEK: Final = 44
"""The room that the text of a week takes, in pixels."""
_LANE: Final = 18
_LINE_OF_TEXT: Final = 15
_LEFT, _BOTTOM, _TOP, _RIGHT = 50, 42, 10, 22
_TITLE, _FOOTER = 56, 26
_DASHES: Final = {"so": [2, 3], "vo": [9, 3], "mbo": [6, 3, 1, 3], "during": [4, 3]}
_SOLID: Final = [1, 0]


def draw_lines(picture: Lines, form: Form) -> bytes:
    """Draw a picture of lines."""
    drawing = _Drawing(picture)
    drawing.closures()
    for at, line in enumerate(reversed(picture.lines)):
        drawing.line(line, first=at == len(picture.lines) - 1)
    drawing.names()
    drawing.frame()
    return drawing.sheet.finished(form)


class _Drawing:
    """A picture of lines as it is drawn; how pixels are told in what its axes count."""

    def __init__(self, picture: Lines) -> None:
        self.picture, self.theme = picture, THEMES[picture.theme]
        widths = (_BOLD if at == 0 else _LETTER for at in range(len(picture.lines)))
        widest = max((len(line.label) * wide for line, wide in zip(picture.lines, widths, strict=True)), default=0)
        lanes = _LANE * len(picture.closures)
        self.above = lanes + (6 if lanes else 0) + (_LINE_OF_TEXT if picture.decisions else 0)
        top = _TOP + self.above + (_TITLE if picture.title else 0)
        self.padding = (_LEFT, top, _RIGHT + widest * _SMALL, _BOTTOM + (_FOOTER if picture.footer else 0))
        self.width = picture.width - self.padding[0] - self.padding[2]
        self.height = picture.height - self.padding[1] - self.padding[3]
        every = max(1, -(-len(picture.weeks) * _WEEK // int(self.width)))
        weeks = picture.weeks[::-1][::every]
        x = alt.X(
            "x:Q",
            title=None,
            scale=alt.Scale(domain=[0, picture.days], nice=False, zero=False),
            axis=_axis(weeks, labelLineHeight=_LINE_OF_TEXT),
        )
        y = alt.Y(
            "y:Q",
            title=None,
            scale=alt.Scale(domain=[0, picture.top], nice=False),
            axis=_axis(picture.numbers),
        )
        self.sheet = Sheet(self.theme, (self.width, self.height), self.padding, x, y)

    def x(self, pixels: float) -> float:
        """Give the day so many pixels right of the plot's left edge."""
        return pixels * self.picture.days / self.width

    def y(self, pixels: float) -> float:
        """Give what is counted so many pixels above the lower edge."""
        return pixels * self.picture.top / self.height

    def closures(self) -> None:
        """Shade the closed days, name the closures above them, and draw when they were decided; and the grid."""
        picture, sheet = self.picture, self.sheet
        for closure in picture.closures:
            sheet.rect(closure.starts, 0, closure.ends, picture.top, self.theme.shade)
        for tick in picture.numbers:
            sheet.rule(0, tick.at, picture.days, tick.at, self.theme.line)
        for at, closure in enumerate(picture.closures):
            high = self.y(self.height + 6 + _LANE * (len(picture.closures) - at))
            sheet.rect(closure.starts, high, closure.ends, high - self.y(3), self.theme.soft)
            leaves = closure.starts + self.x(_wide(closure.name)) > picture.days
            x, align = (closure.ends, "right") if leaves else (closure.starts, "left")
            sheet.text(x, high - self.y(5), closure.name, self.theme.soft, _SMALLER, align=align, base="top")
        high, free = self.y(self.height + self.above - _LINE_OF_TEXT), float("-inf")
        for decision in picture.decisions:
            sheet.rule(decision.x, 0, decision.x, high, self.theme.ink, (3, 3))
            where = decision.x / self.x(1)
            for text in (decision.text, decision.short):
                if where >= free and where + _wide(text) <= self.width + self.padding[2]:
                    sheet.text(decision.x, high + self.y(2), text, self.theme.ink, _SMALLER, base="bottom")
                    free = where + _wide(text) + 6
                    break

    def line(self, line: Line, *, first: bool) -> None:
        """Draw one line: as a band where only the least and the most are known. The first is the heaviest."""
        colour, dash = self.theme.series[line.key], _DASHES.get(line.key, _SOLID)
        exact = all(point.low == point.high for run in line.runs for point in run)
        for at, run in enumerate(line.runs):
            name = f"{line.key}{at}"
            if exact:
                self.sheet.path(name, [(p.x, p.high) for p in run], colour, 2.75 if first else 1.75, dash)
            else:
                self.sheet.band(name, [(p.x, p.low, p.high) for p in run], colour)
                self.sheet.path(f"{name}-", [(p.x, p.low) for p in run], colour, 1, dash)
                self.sheet.path(f"{name}+", [(p.x, p.high) for p in run], colour, 1, dash)
            for point in run:
                fill = self.theme.surface if point.silent else colour
                for number in {point.low, point.high}:
                    self.sheet.dot(point.x, number, colour, fill, 34 if first else 18)
        if first:
            for label in self.picture.silent:
                self.sheet.text(label.x, self.y(9), label.text, self.theme.soft, _SMALL, align="center", weight="bold")

    def names(self) -> None:
        """Name each line at the right, none over another, with a thread to where it ends."""
        ends = [(line, line.runs[-1][-1]) for line in self.picture.lines if line.runs]
        heights = _apart([self.height * (p.low + p.high) / 2 / self.picture.top for _, p in ends], self.height)
        for at, ((line, end), height) in enumerate(zip(ends, heights, strict=True)):
            colour, y = self.theme.series[line.key], self.y(height)
            to = (self.x(self.width + 9), y)
            self.sheet.path(f"thread{at}", [(end.x, (end.low + end.high) / 2), to], colour, 0.75, [1, 2])
            weight = "normal" if at else "bold"
            self.sheet.text(self.x(self.width + 12), y, line.label, colour, _SMALL, weight=weight)

    def frame(self) -> None:
        """Write what a picture says that has left its page: its title, and where it is from."""
        picture, left = self.picture, -self.x(_LEFT - 14)
        top = self.height + self.padding[1]
        for text, height, size, colour, weight in (
            (picture.title, top - 24, 17, self.theme.ink, "bold"),
            (picture.subtitle, top - 46, 13, self.theme.soft, "normal"),
            (picture.footer, -self.padding[3] + 14, _SMALLER, self.theme.soft, "normal"),
        ):
            if text:
                self.sheet.text(left, self.y(height), text, colour, size, weight=weight)


def _wide(text: str) -> float:
    return len(text) * _LETTER * _SMALLER


def _axis(ticks: tuple[Tick, ...], **more: Any) -> alt.Axis:
    """Make an axis with exactly these places and texts."""
    texts = {f"{tick.at:.3f}": tick.texts for tick in ticks}
    return alt.Axis(
        values=[tick.at for tick in ticks],
        labelExpr=f"{orjson.dumps(texts).decode()}[format(datum.value, '.3f')]",
        labelFontSize=_SMALL,
        labelPadding=8,
        labelOverlap=False,
        labelFlush=False,
        **more,
    )


def _apart(heights: list[float], most: float) -> list[float]:
    """Move labels apart, up first and then down again where they would leave the plot; their order stays."""
    order = sorted(range(len(heights)), key=lambda index: (heights[index], -index))
    placed = dict[int, float]()
    floor, ceiling = 0.0, most
    for index in order:
        placed[index] = max(heights[index], floor)
        floor = placed[index] + _LINE_OF_TEXT
    for index in reversed(order):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - _LINE_OF_TEXT
    return [placed[index] for index in range(len(heights))]
