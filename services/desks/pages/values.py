"""What a person wrote in a field, as the value on the wire: days, times, choices and places as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from stdnum.nl import bsn

from events import AMSTERDAM
from services.desks.pages.fields import Field
from services.desks.pages.places import code_of, fold
from services.desks.pages.texts import CATALOGUE, LANGUAGES, choice_key

__all__ = ["holds_bsn", "read_value"]

_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::\d{2})?)?")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]+(\d{2}):(\d{2})(?::\d{2})?)?")
_BETWEEN: Final = re.compile(r"[,;\n]+")


def holds_bsn(text: str) -> bool:
    """Tell whether a BSN may stand in a text that is none: nine digits that pass the eleven-test."""
    bare = re.sub(r"[ .-]", "", unicodedata.normalize("NFKC", text))
    return any(bsn.is_valid(digits) for digits in re.findall(r"(?<![0-9])[0-9]{9}(?![0-9])", bare))


def read_value(field: Field, text: str) -> Any:
    """Give the value on the wire of what was filled in; None when it cannot be read. The contract judges the rest."""
    match field.look:
        case "moment":
            return _moment(text)
        case "date":
            parts = _date_parts(text)
            return None if parts is None or parts[1] is not None else parts[0].isoformat()
        case "count":
            digits = text.replace(".", "") if re.fullmatch(r"\d{1,3}(\.\d{3})+", text) else text
            return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None
        case "code" | "week":
            return text.replace(" ", "").upper()
        case "choice":
            return _choice(field, text)
        case "choices":
            chosen = [_choice(field, each) for each in _parts(text)]
            return None if None in chosen else list(dict.fromkeys(chosen))
        case "municipality":
            return code_of(text)
        case "municipalities":
            return list(dict.fromkeys(map(code_of, _parts(text)))) or None
        case "text":
            return text


def _parts(text: str) -> Sequence[str]:
    return [part for part in map(str.strip, _BETWEEN.split(text)) if part]


def _choice(field: Field, text: str) -> str | None:
    """Give the choice that is named by its word on the wire or as a page writes it, in either language."""
    wanted = fold(text)
    for choice in field.choices:
        written = [choice, *(CATALOGUE[language].get(choice_key(field.name, choice), "") for language in LANGUAGES)]
        if wanted in map(fold, written):
            return choice
    return None


def _date_parts(text: str) -> tuple[date, tuple[int, int] | None] | None:
    if found := _ISO.fullmatch(text):
        year, month, day, *clock = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year, *clock = found.groups()
    else:
        return None
    try:
        given = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return given, (int(clock[0]), int(clock[1])) if clock[0] else None


def _moment(text: str) -> str | None:
    """Read a Dutch local time; a day alone is its beginning. None for a time that the clock skipped."""
    parts = _date_parts(text)
    if parts is None:
        return None
    day, (hour, minute) = parts[0], parts[1] or (0, 0)
    try:
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)
        exists = datetime.fromtimestamp(local.timestamp(), AMSTERDAM).replace(fold=0) == local
    except (ValueError, OverflowError):
        return None
    return local.isoformat() if exists else None
