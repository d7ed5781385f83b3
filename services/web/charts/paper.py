"""A sheet on which both kinds of pictures are drawn: marks by what they are, each in one layer of one chart.

Every mark is a row of data with its own look, so that a picture of any number of lines is six layers at most: the
time that a drawing takes goes by its layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from services.web.charts.pictures import Form
from services.web.charts.themes import FONT, Theme

__all__ = ["Sheet"]

_SHARP: Final = 2.0
"""Pixels of a PNG for each pixel of the drawing: for good screens and for paper."""
_VERSION: Final = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])

_MARKS: Final = ("rects", "rules", "bands", "paths", "dots", "texts")
"""From the back to the front."""

Row = dict[str, Any]


@dataclass
class Sheet:
    """A plot with padding around it (left, top, right, bottom), in pixels; marks are placed in what its axes count."""

    theme: Theme
    size: tuple[float, float]
    padding: tuple[float, float, float, float]
    x: alt.X
    y: alt.Y
    rects: list[Row] = field(default_factory=list)
    bands: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    paths: list[Row] = field(default_factory=list)
    dots: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)

    def rect(self, x: float, y: float, x2: float, y2: float, fill: str, line: str = "transparent") -> None:
        """Fill from one corner to the other."""
        self.rects.append({"x": x, "y": y, "x2": x2, "y2": y2, "fill": fill, "line": line})

    def rule(self, x: float, y: float, x2: float, y2: float, colour: str, dash: tuple[int, ...] = (1, 0)) -> None:
        """Draw a thin straight line."""
        self.rules.append({"x": x, "y": y, "x2": x2, "y2": y2, "colour": colour, "dash": dash})

    def path(self, name: str, points: list[tuple[float, float]], colour: str, width: float, dash: list[int]) -> None:
        """Draw a line through points. `name` is of this line alone."""
        common = {"name": name, "colour": colour, "width": width, "dash": dash}
        self.paths += [{"x": x, "y": y} | common for x, y in points]

    def band(self, name: str, points: list[tuple[float, float, float]], colour: str) -> None:
        """Fill between the least and the most at each x. `name` is of this band alone."""
        self.bands += [{"x": x, "y": high, "y2": low, "name": name, "colour": colour} for x, low, high in points]

    def dot(self, x: float, y: float, colour: str, fill: str, size: float) -> None:
        """Draw a dot."""
        self.dots.append({"x": x, "y": y, "colour": colour, "fill": fill, "size": size})

    def text(self, x: float, y: float, text: str, colour: str, size: float, **look: str) -> None:
        """Write: `align` (left, center, right), `base` (top, middle, bottom), `weight` (normal, bold)."""
        usual = {"align": "left", "base": "middle", "weight": "normal"}
        self.texts.append({"x": x, "y": y, "text": text, "colour": colour, "size": size} | usual | look)

    def finished(self, form: Form) -> bytes:
        """Give the picture. Raises ValueError when it cannot be drawn."""
        marks = {name: rows for name in _MARKS if (rows := getattr(self, name))}
        with debug_mode(False):  # checking what is always alike would take a second
            spec = self._chart(marks).to_dict(validate=False)
        spec["datasets"] = marks
        if form == "png":
            return bytes(vl_convert.vegalite_to_png(spec, vl_version=_VERSION, scale=_SHARP))
        return str(vl_convert.vegalite_to_svg(spec, vl_version=_VERSION)).encode()

    def _chart(self, names: Iterable[str]) -> alt.LayerChart:
        left, top, right, bottom = self.padding
        layers = _layers(lambda name: alt.Chart(alt.NamedData(name)).encode(self.x, self.y))
        chart: alt.LayerChart = (
            alt.layer(*(layers[name] for name in names))
            .properties(
                width=self.size[0],
                height=self.size[1],
                padding={"left": left, "top": top, "right": right, "bottom": bottom},
                autosize="none",
                background=self.theme.surface,
            )
            .configure(font=FONT)
            .configure_view(stroke=None)
            .configure_axis(domain=False, ticks=False, grid=False, labelColor=self.theme.soft, labelFont=FONT)
        )
        return chart


def _own(name: str) -> alt.ExprRef:
    """Take a look from the row that is drawn."""
    return alt.ExprRef(f"datum.{name}")


def _layers(chart: Callable[[str], alt.Chart]) -> dict[str, alt.Chart]:
    """Give every layer, from the back to the front; `chart` begins one over the marks of a name."""
    colour = _own("colour")
    dashed: Row = {"stroke": colour, "strokeDash": _own("dash")}
    text: Row = {
        "align": _own("align"),
        "baseline": _own("base"),
        "fontWeight": _own("weight"),
        "fontSize": _own("size"),
    }
    dots: Row = {"size": _own("size"), "fill": _own("fill"), "strokeWidth": 1.5, "opacity": 1}
    return {
        "rects": chart("rects").mark_rect(fill=_own("fill"), stroke=_own("line")).encode(x2="x2:Q", y2="y2:Q"),
        "rules": chart("rules").mark_rule(**dashed).encode(x2="x2:Q", y2="y2:Q"),
        "bands": chart("bands").mark_area(fill=colour, fillOpacity=0.22).encode(y2="y2:Q", detail="name:N"),
        "paths": chart("paths").mark_line(strokeWidth=_own("width"), **dashed).encode(detail="name:N"),
        "dots": chart("dots").mark_point(stroke=colour, **dots),
        "texts": chart("texts").mark_text(fill=colour, **text).encode(text="text:N"),
    }
