from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import services.web
from services.web.texts import CATALOGUE, LANGUAGES, translator

SOURCES = [
    path
    for path in Path(services.web.__file__).parent.rglob("*")
    if path.suffix in {".py", ".html"} and path.parent.name != "texts"
]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_with_the_same_places() -> None:
    assert CATALOGUE["nl"].keys() == CATALOGUE["en"].keys()
    for key, text in CATALOGUE["nl"].items():
        assert places(text) == places(CATALOGUE["en"][key]), key


def test_every_text_is_used_somewhere() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    built = (
        "sector_",
        "short_",
        "regime_",
        "visit_",
        "device_",
        "attention_",
        "page_",
        "reading_",
        "map_by_",
        "access_",
        "map_summary_",
        "chart_",
        "figures_behind_",
        "then_cause_",
        "then_about_",
        "then_week_",
        "then_day_",
        "rehearsal_unit_",
        "open_data_file_",
        "open_data_unreached",
        "open_data_areas",
    )
    unused = [
        key
        for key in CATALOGUE["nl"]
        if not key.startswith(built)
        and not re.search(rf"""["']{key.removesuffix("_one").removesuffix("_hint")}["']""", code)
    ]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_calls_a_child_lost(language: str) -> None:
    texts = " ".join(CATALOGUE["nl" if language == "nl" else "en"].values()).lower()
    assert not re.search(r"kwijt|thuiszit|verdwenen|lost|missing|truant", texts)


def test_one_has_its_own_form() -> None:
    t = translator("nl")
    assert (t("pupils", count=1), t("pupils", count=2)) == ("leerling", "leerlingen")
    with pytest.raises(KeyError):
        t("no such text")
