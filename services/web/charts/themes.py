"""The colours of the charts: those of page.css and table.css, in light and in dark (a test holds them equal)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["FONT", "THEMES", "Theme", "ThemeName", "theme_of"]

ThemeName = Literal["light", "dark"]

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The first is inside the drawing library; the others are as wide, where an SVG is shown without it."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for."""

    surface: str
    ink: str
    soft: str
    line: str
    shade: str
    """Behind the days of a closure."""
    levels: tuple[str, ...]
    """The scale of the table, from 0 up."""
    on_dark: str
    inverted: int
    """From which step of the scale on a number is written in `on_dark`."""
    series: dict[str, str]
    """A line's colour by its key: 4.5 to 1 on the surface, for its label has it too."""


THEMES: Final[dict[ThemeName, Theme]] = {
    "light": Theme(
        surface="#ffffff",
        ink="#15212a",
        soft="#51616c",
        line="#d9e1e4",
        shade="#eef2f4",
        levels=("#ffffff", "#e2f0f4", "#c2e0e9", "#98ccdb", "#62abc1", "#1f7189", "#0a4557"),
        on_dark="#ffffff",
        inverted=5,
        series={
            "all": "#0f5c73",
            "po": "#ab3f0c",
            "so": "#75409c",
            "vo": "#1d6b3b",
            "mbo": "#85590a",
            "during": "#51616c",
        },
    ),
    "dark": Theme(
        surface="#151e24",
        ink="#e6edf0",
        soft="#a0b1ba",
        line="#2a3740",
        shade="#1c272e",
        levels=("#151e24", "#17303a", "#1a414f", "#1f5566", "#5aa6bc", "#8fcfe0", "#d2f0f8"),
        on_dark="#06222b",
        inverted=4,
        series={
            "all": "#74c5dc",
            "po": "#f0a070",
            "so": "#c9a3ee",
            "vo": "#7fce9a",
            "mbo": "#e0c060",
            "during": "#a0b1ba",
        },
    ),
}


def theme_of(asked: str | None) -> ThemeName:
    """Choose the theme: as asked for, else light."""
    return next((name for name in get_args(ThemeName) if name == asked), "light")
