"""The report in words: one HTML file that asks nothing of any other."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from events import format_instant
from services.report.facts import Facts
from services.report.tables import Section, sections
from services.report.texts import DEFINITIONS, TEXTS
from services.web import wording
from services.web.charts.chart import Chart
from services.web.charts.composing import picture_of
from services.web.charts.lines import draw_lines
from services.web.charts.showing import summary_of
from services.web.texts import Language, Translate, translator
from services.web.within import name_of_area

__all__ = ["command_of", "own_texts", "write_html"]

_PACKAGE: Final = "ieder-kind-in-beeld"
_TEMPLATES: Final = Path(__file__).parent / "templates"
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_SAID: Final = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


def write_html(facts: Facts, language: Language) -> str:
    """Write the report; the same facts give the same text, whenever and wherever."""
    t = own_texts(language)
    area = name_of_area(facts.asked.area, language)
    definitions = (*DEFINITIONS, "public") if facts.asked.public else DEFINITIONS
    return _ENVIRONMENT.get_template("report.html").render(
        t=t,
        lang=language,
        style=Markup((_TEMPLATES / "report.css").read_text("utf-8")),  # noqa: S704 - a file of ours
        title=t("title", area=area),
        period=t(
            "period", first=wording.day(facts.asked.first, language), last=wording.day(facts.asked.last, language)
        ),
        view="public" if facts.asked.public else "work",
        stand=t("stand", moment=wording.moment(facts.as_of, language)),
        sections=[_drawn(section, facts, language) for section in sections(facts, language, t)],
        definitions=_definitions(definitions, language),
        method=_method(facts, language, t),
    )


def own_texts(language: Language) -> Translate:
    """Give the function that gives a text of a report; see `services.web.texts.translator`."""
    texts = TEXTS[language]

    def translate(key: str, /, *, count: int | None = None, **places: object) -> str:
        return texts[f"{key}_one" if count == 1 and f"{key}_one" in texts else key].format(**places)

    return translate


def _drawn(section: Section, facts: Facts, language: Language) -> dict[str, Any]:
    chart = facts.charts.get(section.chart)
    shown = chart is not None and chart.weeks and chart.series
    return {
        "section": section,
        "svg": _svg(chart, language) if chart is not None and shown else "",
        "summary": _summary(chart, language) if chart is not None and shown else "",
    }


def _svg(chart: Chart, language: Language) -> Markup:
    """Draw a chart to stand in the text; what it shows is told by the text and the table beside it."""
    drawn = draw_lines(picture_of(chart, language, "light", "page"), "svg").decode()
    plain = _SAID.sub("", drawn).replace("<svg ", f'<svg role="img" aria-labelledby="said-{chart.kind}" ', 1)
    return Markup(plain)  # noqa: S704 - drawn by us, its texts escaped


def _summary(chart: Chart, language: Language) -> str:
    t = translator(language)
    more = [text for text, told in (("chart_hollow", chart.silent), ("chart_ranges", not chart.exact)) if told]
    return " ".join([summary_of(chart, language), *map(t, more)])


def _definitions(keys: tuple[str, ...], language: Language) -> list[tuple[str, list[str]]]:
    t = translator(language)
    return [(t(f"reading_{key}"), t(f"reading_{key}_text").split("\n")) for key in keys]


def _method(facts: Facts, language: Language, t: Translate) -> list[tuple[str, str, bool]]:
    """List what the report was made of: a name, a value, and whether it is for a machine."""
    public = facts.asked.public
    told = [(t("method_as_of"), format_instant(facts.as_of), True)]
    if not public:
        told.append((t("method_events"), wording.number(facts.events, language), False))
    told += [
        (t("method_checksum_public" if public else "method_checksum"), facts.checksum, True),
        (t("method_version"), f"Kind in beeld {version(_PACKAGE)}", False),
        (t("method_command"), command_of(facts, language), True),
    ]
    return told


def command_of(facts: Facts, language: Language) -> str:
    """Give the command that makes this report again."""
    asked = facts.asked
    options = f"--from {asked.first} --to {asked.last} --area {asked.area} --as-of {format_instant(facts.as_of)}"
    return f"kindinbeeld report {options} --lang {language}{' --public' if asked.public else ''}"
