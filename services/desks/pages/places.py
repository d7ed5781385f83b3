"""Municipalities by name, so that nobody who reports has to know their codes.

The register lies with the projections; it is data of the country, no projection, and the only thing read from there.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from events import local_day
from projections.register import codes_on, municipalities

__all__ = ["code_of", "fold", "name_of", "options"]

_CALLED: Final = {"den haag": "'s-gravenhage", "den bosch": "'s-hertogenbosch"}
"""What people call a municipality whose own name is another."""


@lru_cache(maxsize=64)
def _on(day: int) -> tuple[tuple[str, str], ...]:
    valid = set(codes_on(day))
    return tuple(sorted(((m.code, m.name) for m in municipalities() if m.code in valid), key=lambda of: fold(of[1])))


def options(now: int) -> tuple[tuple[str, str], ...]:
    """Give (code, name) of the municipalities there are at `now` (micros), by name."""
    return _on(local_day(now))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    named: dict[str, str] = {}
    for of in municipalities():
        named[fold(of.name)] = of.code
        named[fold(of.code)] = of.code
    return named | {called: named[name] for called, name in _CALLED.items()}


def code_of(text: str) -> str:
    """Give the code of a municipality given by name or code; what is neither comes back as it is."""
    return _codes().get(fold(text), text.strip())


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {of.code: of.name for of in municipalities()}


def name_of(code: str) -> str:
    """Give the name of a municipality; a code that is not in the register comes back as it is."""
    return _names().get(code, code)


def fold(text: str) -> str:
    """Fold a word for comparing: case, accents and blanks around make no difference."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().strip())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
