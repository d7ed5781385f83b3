"""How what we do grows with the number of events: a hundredth, a tenth, and all of those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from services.bench.context import Bench
from services.bench.figures import Figure
from services.bench.processes import run

__all__ = ["GROWTH", "drawn", "growth"]

GROWTH: Final = {
    "evaluate": "a table from a file, every line checked",
    "build": "the archive, built from the file",
    "table": "the table from the archive, as all is known",
    "then": "60 such tables, one a week, from the archive",
}
"""What is measured at each size: key and words."""

_PARTS: Final = (100, 10, 1)
_MANY: Final = "60"
_FEW: Final = "6"


def growth(bench: Bench) -> Iterator[Figure]:
    """Each as a whole process, from start to end; the note tells its memory. Without the hundredth when quick.

    When there are few events, few tables.
    """
    many = _MANY if bench.judged else _FEW
    for part in _PARTS[1:] if bench.asked.quick else _PARTS:
        number = bench.asked.events // part
        file, directory = bench.data.events(number), bench.place(f"growth-{number}")
        asked: dict[str, Sequence[str | Path]] = {
            "evaluate": ["evaluate", file],
            "build": ["archive", "build", "--archive", directory, "--from", file],
            "table": ["evaluate", "--archive", directory],
            "then": ["evaluate", "--archive", directory, "--weekly", many],
        }
        for key, of_many in GROWTH.items():
            words = of_many.replace(_MANY, many)
            bench.say(f"{words}: {number:,} events")
            took = run(asked[key], bench.directory)
            label = f"{words}, {number:,} events"
            note = f"{took.seconds / number * 1e6:,.1f} µs an event{took.memory}"
            yield Figure(f"growth-{key}-{number}", label, "s", took.seconds, None, note)


def drawn(figures: Sequence[Figure]) -> str:
    """Draw the seconds of each by the number of events, both axes logarithmic, as SVG for a light or a dark page.

    Raises ValueError when growth was not measured.
    """
    import altair as alt
    import vl_convert

    rows = [row for figure in figures if (row := _point(figure)) is not None]
    if not rows:
        raise ValueError("growth was not measured")
    grey = "#7a7a7a"  # to be read on white and on black
    axis: dict[str, Any] = {
        "labelColor": grey,
        "titleColor": grey,
        "gridColor": grey,
        "gridOpacity": 0.25,
        "domain": False,
    }
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "events:Q", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s", title="events", tickCount=4, **axis)
        ),
        y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", title="seconds", **axis)),
        color=alt.Color("what:N", legend=None, scale=alt.Scale(range=["#4c8bd0", "#d0733a", "#3f9d6b", "#a06fc0"])),
    )
    last = max(row["events"] for row in rows)
    named = base.transform_filter(f"datum.events == {last}").mark_text(align="left", dx=8, fontSize=12)
    chart = alt.layer(
        base.mark_line(point=True), named.encode(text="what:N"), background="transparent", width=420, height=300
    ).configure_view(stroke=None)
    to_svg: Callable[[str], str] = vl_convert.vegalite_to_svg
    return to_svg(chart.to_json())


def _point(figure: Figure) -> dict[str, str | float] | None:
    name, _, number = figure.key.rpartition("-")
    first, _, key = name.partition("-")
    if first != "growth" or figure.value is None:
        return None
    return {"what": GROWTH[key], "events": int(number), "seconds": figure.value}
