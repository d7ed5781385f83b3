from __future__ import annotations

import re
import string
from pathlib import Path

import services.desks.pages
from events import DESKS
from services.desks.pages.composing import problem_at
from services.desks.pages.fields import FORMS, forms_of
from services.desks.pages.texts import CATALOGUE, LANGUAGES, choice_key


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_with_the_same_places() -> None:
    assert CATALOGUE["nl"].keys() == CATALOGUE["en"].keys()
    for key, text in CATALOGUE["nl"].items():
        assert places(text) == places(CATALOGUE["en"][key]), key


def test_every_field_choice_and_problem_has_its_words() -> None:
    for form in FORMS.values():
        assert f"form_{form.kind}" in CATALOGUE["nl"]
        for field in form.columns:
            assert f"label_{field.name}" in CATALOGUE["nl"]
            assert problem_at(form, f"data.{field.member}[0]", "any rule").key in CATALOGUE["nl"]
            for choice in field.choices:
                assert choice_key(field.name, choice) in CATALOGUE["nl"]
        for path in ("id", "source", "line", "type", None, "data.occurredAt"):
            assert problem_at(form, path, None).key in CATALOGUE["nl"]


def test_every_text_is_used_somewhere() -> None:
    folder = Path(services.desks.pages.__file__).parent
    code = "".join(
        p.read_text("utf-8") for p in folder.rglob("*") if p.suffix in {".py", ".html"} and "texts" not in p.name
    )
    names = {field.name for desk in DESKS for form in forms_of(desk) for field in form.columns} | {
        "key",
        "source",
        "file",
    }
    built = ("sector_", "form_", "desk_", "reason_", "via_", "outcome_", "device_", "regime_", "values_", "fate_")
    unused = [
        key
        for key in CATALOGUE["nl"]
        if not key.startswith(built)
        and key.removeprefix("label_").removeprefix("problem_").removeprefix("hint_") not in names
        and not re.search(rf"""["']{key.removesuffix("_one")}["']""", code)
        and key not in ("problem_one_number", "problem_no_key")
    ]
    assert unused == []


def test_no_text_calls_a_child_lost() -> None:
    for language in LANGUAGES:
        texts = " ".join(CATALOGUE[language].values()).lower()
        assert not re.search(r"kwijt|thuiszit|verdwenen|\blost\b|missing|truant", texts)
