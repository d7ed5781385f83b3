"""Draws the table of municipality by week, coloured by its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from services.web.charts.paper import Sheet
from services.web.charts.pictures import Form, Heat, HeatCell
from services.web.charts.themes import THEMES, Theme

__all__ = ["draw_heat"]

_ROW, _HEAD, _NAME, _CELL = 30, 34, 190, 58
_TITLE, _LEGEND, _FOOTER, _EDGE = 58, 34, 28, 16
_TEXT, _SMALL, _TINY = 12, 11, 8.5
_LETTER: Final = 0.54
_LONGEST: Final = 29
"""Letters of a name for which there is room."""


def draw_heat(picture: Heat, form: Form) -> bytes:
    """Draw a table."""
    theme = THEMES[picture.theme]
    legend = [(css, text, 21 + len(text) * _LETTER * _SMALL + 14) for css, text in picture.legend]
    # A column is as wide as what stands in it.
    wide = [
        max(
            _CELL,
            *(len(text) * 0.62 * _TEXT + 14 for text in (title, *(row.cells[at].text for row in picture.rows))),
            len(hint) * _LETTER * 10 + 14,
        )
        for at, (title, hint) in enumerate(picture.heads)
    ]
    lefts = [_NAME + sum(wide[:at]) for at in range(len(wide) + 1)]
    width = max(lefts[-1], sum(each for _, _, each in legend))
    height = _TITLE + _LEGEND + _HEAD + _ROW * len(picture.rows) + _FOOTER
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False, zero=False))
    sheet = Sheet(theme, (width, height), (_EDGE, _EDGE, _EDGE, _EDGE / 2), x, y)
    sheet.text(0, 10, picture.title, theme.ink, 17, weight="bold")
    sheet.text(0, 33, picture.subtitle, theme.soft, 13)
    _legend(sheet, legend, theme)
    down = _TITLE + _LEGEND
    for at, (title, hint) in enumerate(picture.heads):
        right = lefts[at + 1] - 6
        sheet.text(right, down + 8, title, theme.ink, _TEXT, align="right", weight="bold")
        sheet.text(right, down + 22, hint, theme.soft, _SMALL - 1, align="right")
    down += _HEAD
    for row in picture.rows:
        weight = "bold" if row.total else "normal"
        name = row.name if len(row.name) <= _LONGEST else f"{row.name[: _LONGEST - 1]}…"
        sheet.text(0, down + _ROW / 2, name, theme.ink, _TEXT, weight=weight)
        for at, cell in enumerate(row.cells):
            _cell(sheet, cell, (lefts[at], lefts[at + 1]), down, weight)
        down += _ROW
        sheet.rule(0, down, _NAME, down, theme.soft if row.total else theme.line)
    sheet.text(0, down + 16, picture.footer, theme.soft, _SMALL)
    return sheet.finished(form)


def _cell(sheet: Sheet, cell: HeatCell, across: tuple[float, float], y: float, weight: str) -> None:
    (left, right), theme, level = across, sheet.theme, max(cell.level, 0)
    ink = theme.on_dark if level >= theme.inverted else theme.ink
    sheet.rect(left, y, right, y + _ROW, theme.levels[level], theme.line)
    if cell.silent:
        colour = ink if level else theme.soft
        x, x2, y1, y2 = left + 1.5, right - 1.5, y + 1.5, y + _ROW - 1.5
        for line in ((x, y1, x2, y1), (x, y2, x2, y2), (x, y1, x, y2), (x2, y1, x2, y2)):
            sheet.rule(*line, colour, (3, 2))
    middle = y + (10 if cell.small else _ROW / 2)
    sheet.text(right - 6, middle, cell.text, ink, _TEXT, align="right", weight=weight)
    if cell.small:
        sheet.text(right - 6, y + 22, cell.small, ink if level else theme.soft, _TINY, align="right")


def _legend(sheet: Sheet, legend: Sequence[tuple[str, str, float]], theme: Theme) -> None:
    """Explain the looks of cells, and the steps of the scale, in one line."""
    x, y = 0.0, _TITLE - 4
    for css, text, wide in legend:
        level = next((int(part[1:]) for part in css.split() if part[1:].isdecimal()), 0)
        sheet.rect(x, y, x + 16, y + 16, theme.levels[level], theme.soft)
        sign = "?" if "mute" in css else "–" if "off" in css else ""
        if sign:
            sheet.text(x + 8, y + 8, sign, theme.soft, _SMALL, align="center")
        sheet.text(x + 21, y + 8, text, theme.soft, _SMALL)
        x += wide
