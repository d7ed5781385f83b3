"""Every text of the pages, in Dutch and in English: the same keys in both.

The field's words: a pupil is "niet bereikt" or "in beeld". Each page has a module of its own beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Final, Literal, get_args

from services.web.texts import (
    about,
    access,
    charts,
    common,
    map,
    municipality,
    now,
    open_data,
    reading,
    rehearsal,
    then,
)

__all__ = ["CATALOGUE", "LANGUAGES", "Language", "Translate", "language_of", "translator"]

Language = Literal["nl", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
Translate = Callable[..., str]

_MODULES: Final[tuple[ModuleType, ...]] = (
    *(about, access, charts, common, map, municipality, now, open_data, reading, rehearsal, then),
)

CATALOGUE: Final[dict[Language, dict[str, str]]] = {
    "nl": {key: text for module in _MODULES for key, text in module.DUTCH.items()},
    "en": {key: text for module in _MODULES for key, text in module.ENGLISH.items()},
}


def translator(language: Language) -> Translate:
    """Return the function that gives the text of a key in `language`, its places filled; KeyError for an unknown key.

    A number `count` chooses the key's `_one` form for exactly one, where the catalogue has one.
    """
    texts = CATALOGUE[language]

    def translate(key: str, /, *, count: int | None = None, **places: object) -> str:
        chosen = f"{key}_one" if count == 1 and f"{key}_one" in texts else key
        return texts[chosen].format(**places)

    return translate


def language_of(given: Mapping[str, str], remembered: str | None) -> Language:
    """Choose the language: as asked for, else as remembered, else Dutch."""
    for asked in (given.get("lang"), remembered):
        for language in LANGUAGES:
            if asked == language:
                return language
    return LANGUAGES[0]
