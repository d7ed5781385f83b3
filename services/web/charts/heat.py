"""Draws the table of municipality by week, coloured by its numbers."""

from __future__ import annotations

from typing import Final

import altair as alt

from services.web.charts.paper import Sheet
from services.web.charts.pictures import Form, Heat, HeatCell
from services.web.charts.themes import THEMES, Theme

__all__ = ["draw_heat"]

_ROW, _HEAD, _NAME, _CELL = 27, 34, 190, 58
_TITLE, _LEGEND, _FOOTER, _EDGE = 58, 34, 28, 16
_TEXT, _SMALL, _TINY = 12, 11, 8.5
_LETTER: Final = 0.54
_LONGEST: Final = 29
"""Letters of a name for which there is room."""


def draw_heat(picture: Heat, form: Form) -> bytes:
    """Draw a table."""
    theme = THEMES[picture.theme]
    width = max(_NAME + _CELL * len(picture.heads), 640)
    height = _TITLE + _LEGEND + _HEAD + _ROW * len(picture.rows) + _FOOTER
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False, zero=False))
    sheet = Sheet(theme, (width, height), (_EDGE, _EDGE, _EDGE, _EDGE / 2), x, y)
    sheet.text(0, 10, picture.title, theme.ink, 17, weight="bold")
    sheet.text(0, 33, picture.subtitle, theme.soft, 13)
    _legend(sheet, picture, theme)
    down = _TITLE + _LEGEND
    for at, (title, hint) in enumerate(picture.heads):
        right = _NAME + _CELL * (at + 1) - 6
        sheet.text(right, down + 8, title, theme.ink, _TEXT, align="right", weight="bold")
        sheet.text(right, down + 22, hint, theme.soft, _SMALL - 1, align="right")
    down += _HEAD
    for row in picture.rows:
        weight = "bold" if row.total else "normal"
        name = row.name if len(row.name) <= _LONGEST else f"{row.name[: _LONGEST - 1]}…"
        sheet.text(0, down + _ROW / 2, name, theme.ink, _TEXT, weight=weight)
        for at, cell in enumerate(row.cells):
            _cell(sheet, cell, _NAME + _CELL * at, down, theme, weight)
        down += _ROW
        sheet.rule(0, down, _NAME, down, theme.soft if row.total else theme.line)
    sheet.text(0, down + 16, picture.footer, theme.soft, _SMALL)
    return sheet.finished(form)


def _cell(sheet: Sheet, cell: HeatCell, x: float, y: float, theme: Theme, weight: str) -> None:
    level = max(cell.level, 0)
    sheet.rect(x, y, x + _CELL, y + _ROW, theme.levels[level], theme.line)
    if cell.silent:
        _dashed(
            sheet, x + 2, y + 2, x + _CELL - 2, y + _ROW - 2, theme.on_dark if level >= theme.inverted else theme.soft
        )
    ink = theme.on_dark if level >= theme.inverted else theme.ink
    middle = y + (_ROW / 2 if not cell.small else 10)
    sheet.text(x + _CELL - 6, middle, cell.text, ink, _TEXT, align="right", weight=weight)
    if cell.small:
        soft = ink if level else theme.soft
        sheet.text(x + _CELL - 6, y + 21, cell.small, soft, _TINY, align="right")


def _dashed(sheet: Sheet, x: float, y: float, x2: float, y2: float, colour: str) -> None:
    for one in ((x, y, x2, y), (x, y2, x2, y2), (x, y, x, y2), (x2, y, x2, y2)):
        sheet.rule(*one, colour, (3, 2))


def _legend(sheet: Sheet, picture: Heat, theme: Theme) -> None:
    """Explain the looks of cells, and the steps of the scale, in one line."""
    x, y = 0.0, _TITLE - 4
    for css, text in picture.legend:
        levels = [int(each[1:]) for each in css.split() if each[1:].isdecimal()]
        level = levels[0] if levels else 0
        sheet.rect(x, y, x + 16, y + 16, theme.levels[level], theme.soft)
        if "mute" in css:
            sheet.text(x + 8, y + 8, "?", theme.soft, _SMALL, align="center")
        if "off" in css:
            sheet.text(x + 8, y + 8, "–", theme.soft, _SMALL, align="center")
        sheet.text(x + 21, y + 8, text, theme.soft, _SMALL)
        x += 21 + len(text) * _LETTER * _SMALL + 14
