"""Numbers as far as they may be known, in words."""

from __future__ import annotations

from projections.public.ranges import SMALLEST_SHOWN
from services.web.texts import Language
from services.web.wording import number

__all__ = ["span"]


def span(least: int, most: int, language: Language) -> str:
    """Write a number that is known exactly, or as far as everyone may know it: 7, <5, 8–11."""
    if least == most:
        return number(least, language)
    if (least, most) == (1, SMALLEST_SHOWN - 1):
        return f"<{SMALLEST_SHOWN}"
    return f"{number(least, language)}–{number(most, language)}"
