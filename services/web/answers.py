"""How many of the schools answered, in words."""

from __future__ import annotations

from services.web.texts import Language, translator
from services.web.wording import number

__all__ = ["coverage"]


def coverage(reported: int, expected: int, language: Language) -> tuple[str, str]:
    """Say how many of the schools answered."""
    t = translator(language)
    if expected == 0:
        return t("coverage_none"), ""
    m = number(expected, language)
    if reported == 0:
        return t("coverage_silent", count=expected, m=m), "mute"
    # Rounded down: all of the schools is 100 %, and nothing less.
    share = 100 * reported // expected
    return t("coverage", count=expected, n=number(reported, language), m=m, share=share), ""
