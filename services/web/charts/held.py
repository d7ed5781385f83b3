"""The charts of a topic, as they stand for every page that shows them: brought up to date every few seconds.

Two hundred pages that ask for one chart get the same numbers, and so one drawing, however fast the numbers change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from services.web.charts.chart import Chart
from services.web.charts.showing import shown
from services.web.frame import Frame
from services.web.texts import LANGUAGES, Language
from services.web.topics import Current

__all__ = ["CHARTS_EVERY", "Held"]

CHARTS_EVERY: Final = 5.0
"""Seconds between two drawings of a chart: time to look at it, and to draw it."""


class Held:
    """The charts that a function makes of what was read, by name; and how a page shows them."""

    def __init__(self, make: Callable[[Current], Mapping[str, Chart]]) -> None:
        self._make = make
        self._made = float("-inf")
        self._frame: Frame | None = None
        self.charts: Mapping[str, Chart] = {}
        self._html: dict[Language, dict[str, str]] = {}

    def html(self, current: Current, language: Language) -> dict[str, str]:
        """Give the HTML of each chart, by the id of its element: empty where there is nothing to show."""
        now = time.monotonic()
        # Other weeks, other rows: the page is laid out anew, and the chart with it.
        if current.frame != self._frame or now - self._made >= CHARTS_EVERY:
            self._made, self._frame = now, current.frame
            before, self.charts = self.charts, self._make(current)
            if _versions(before) != _versions(self.charts) or not self._html:
                self._html = {
                    each: {f"chart-{name}": shown(name, chart, each) for name, chart in self.charts.items()}
                    for each in LANGUAGES
                }
        return self._html[language]


def _versions(charts: Mapping[str, Chart]) -> dict[str, str]:
    return {name: chart.version for name, chart in charts.items()}
