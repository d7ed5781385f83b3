"""The drawing itself: numbers in, bytes out, always the same, nothing clipped, in the colours of the pages."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import msgspec
import pytest

import services.web
from services.web.charts.heat import draw_heat
from services.web.charts.lines import draw_lines
from services.web.charts.pictures import Heat, HeatCell, HeatRow, Job, Label, Lane, Line, Lines, Point, Tick
from services.web.charts.themes import THEMES, ThemeName

STATIC = Path(services.web.__file__).parent / "static"
WEEKS = 6


def line(key: str, label: str, first: float, spread: float = 0) -> Line:
    return Line(key, label, (tuple(Point(4.5 + 7 * w, first * 0.8**w, first * 0.8**w + spread) for w in range(WEEKS)),))


PICTURE = Lines(
    theme="light",
    width=720,
    height=340,
    days=1 + 7 * WEEKS,
    top=8000,
    weeks=tuple(Tick(4.5 + 7 * w, (f"W{12 + w}", f"{w} apr")) for w in range(WEEKS)),
    numbers=tuple(Tick(n, (f"{n // 1000}.000" if n else "0",)) for n in (0, 4000, 8000)),
    lines=(line("all", "Alle 2.300", 7000), line("po", "Basis 300", 900), line("so", "Speciaal 290", 890)),
    closures=(Lane("eerste sluiting", 1, 43), Lane("een sluiting met een lange naam", 36, 43)),
    decisions=(Label(0.5, "besloten 15 mrt", "15 mrt"), Label(2, "besloten 17 mrt", "17 mrt")),
)


def texts(svg: bytes) -> dict[str, tuple[float, float]]:
    """Give where each text of a drawing stands: x and y of its anchor, in pixels."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    found = {}

    def walk(element: ElementTree.Element, x: float, y: float) -> None:
        moved = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", element.get("transform", ""))
        if moved:
            x, y = x + float(moved[1]), y + float(moved[2])
        if element.tag.endswith("}text"):
            for part in element.itertext():
                found[part] = x, y
        for child in element:
            walk(child, x, y)

    walk(root, 0, 0)
    return found


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert draw_lines(PICTURE, "svg") == draw_lines(PICTURE, "svg")
    assert draw_lines(PICTURE, "png") == draw_lines(PICTURE, "png")


@pytest.mark.parametrize("theme", get_args(ThemeName))
@pytest.mark.parametrize(("width", "height"), [(720, 340), (340, 320)])
def test_a_picture_has_its_size_and_needs_nothing_from_elsewhere(theme: ThemeName, width: int, height: int) -> None:
    picture = msgspec.structs.replace(PICTURE, theme=theme, width=width, height=height)
    svg = draw_lines(picture, "svg").decode()
    assert f'width="{width}" height="{height}"' in svg
    assert set(re.findall(r"https?://[^\s\"']+", svg)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<style|<script|style=|@import|<image|href=", svg)
    assert THEMES[theme].surface in svg
    png = draw_lines(picture, "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (2 * width, 2 * height)


@pytest.mark.parametrize(("width", "height"), [(720, 340), (340, 320)])
def test_no_label_is_cut_off_or_lies_on_another(width: int, height: int) -> None:
    found = texts(draw_lines(msgspec.structs.replace(PICTURE, width=width, height=height), "svg"))
    for label in ("Alle 2.300", "Basis 300", "Speciaal 290"):
        x, y = found[label]
        assert x + len(label) * 6.6 <= width
        assert 0 < y < height
    heights = sorted(found[label][1] for label in ("Alle 2.300", "Basis 300", "Speciaal 290"))
    assert min(b - a for a, b in pairwise(heights)) >= 12
    assert found["een sluiting met een lange naam"][0] <= width
    assert "besloten 15 mrt" in found
    assert "besloten 17 mrt" not in found  # no room for it: its line stands without a text


def test_the_axis_begins_at_zero_and_weeks_stay_apart() -> None:
    many = tuple(Tick(4.5 + 7 * w, (f"W{w}", f"{w} apr")) for w in range(26))
    found = texts(draw_lines(msgspec.structs.replace(PICTURE, width=340, days=1 + 7 * 26, weeks=many), "svg"))
    assert "0" in found
    weeks = sorted(x for text, (x, _) in found.items() if text.startswith("W"))
    assert weeks
    assert min(b - a for a, b in pairwise(weeks)) >= 40


def test_what_is_known_as_a_range_is_drawn_as_a_band() -> None:
    band = msgspec.structs.replace(PICTURE, lines=(line("all", "Alle 2.300–2.900", 7000, 600),))
    assert b'fill-opacity="0.22"' in draw_lines(band, "svg")
    assert b'fill-opacity="0.22"' not in draw_lines(PICTURE, "svg")


def test_a_table_is_drawn_with_every_row_and_head() -> None:
    cells = (HeatCell("−3"), HeatCell("12", 3, "4/9"), HeatCell("?", 0, "0/9", silent=True))
    long = "Een gemeente met een veel te lange naam"
    heat = Heat(
        theme="dark",
        title="Titel",
        subtitle="Groningen",
        heads=(("Verschil", "met vorige week"), ("W16", "13 apr"), ("Nu", "W17, 20 apr")),
        rows=(HeatRow("Heel Nederland", cells, total=True), HeatRow(long, cells)),
        legend=(("l0", "0, met antwoord"), ("l0 mute", "nog geen antwoord"), ("l1", "1 – 4")),
        footer="Kind in beeld",
    )
    found = texts(draw_heat(heat, "svg"))
    assert {"Titel", "Heel Nederland", "Een gemeente met een veel te…", "4/9", "Kind in beeld"} <= set(found)
    assert found["met vorige week"][0] + 10 < found["W17, 20 apr"][0]


def test_the_colours_are_those_of_the_pages() -> None:
    for at, theme in enumerate(get_args(ThemeName)):
        told = dict[str, str]()
        for sheet in ("page.css", "table.css"):
            light, *dark = re.findall(r":root \{(.*?)\}", (STATIC / sheet).read_text(), re.DOTALL)
            for block in (light, *dark[:at]):
                told |= dict(re.findall(r"--([\w-]+): (#\w+)", block))
        ours = THEMES[theme]
        assert (ours.surface, ours.ink, ours.soft, ours.line) == tuple(
            told[n] for n in ("surface", "ink", "soft", "line")
        )
        assert ours.levels == (told["surface"], *(told[f"l{n}"] for n in range(1, 7)))
        assert (ours.on_dark, ours.series["all"]) == (told["on-dark"], told["accent"])


@pytest.mark.parametrize("theme", get_args(ThemeName))
def test_every_line_and_its_label_can_be_told_from_the_ground(theme: ThemeName) -> None:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for colour in (*THEMES[theme].series.values(), THEMES[theme].soft):
        for ground in (THEMES[theme].surface, THEMES[theme].shade):
            low, high = sorted((light(colour), light(ground)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (colour, ground)


def test_the_process_draws_on_after_a_picture_that_cannot_be_drawn() -> None:
    jobs = [b"nonsense", msgspec.msgpack.encode(Job(PICTURE, "svg"))]
    given = b"".join(len(job).to_bytes(4, "big") + job for job in jobs)
    command = [sys.executable, "-m", "services.web.charts.drawing"]
    out = subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True, timeout=120).stdout
    assert out[:4] == bytes(4)
    assert out[8:] == draw_lines(PICTURE, "svg")


def test_the_pages_do_not_load_what_draws() -> None:
    code = "import sys, services.web.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"altair", "vl_convert", "narwhals"} & set(loaded) == set()
