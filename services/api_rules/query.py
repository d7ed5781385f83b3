"""Reading the query of a request: which parameters there may be, and what is said of one that breaks its rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import parse_qsl

from services.api_rules.replies import Problem

__all__ = ["broken", "one_of", "read_query", "whole"]

_MOST: Final = 16
"""Parameters in a query at most, unless one may be repeated."""
_DIGITS: Final = 19


def read_query(raw: bytes, names: Collection[str], repeated: Mapping[str, int] | None = None) -> dict[str, list[str]]:
    """Read a query: the values of each parameter given.

    `repeated`: which of the `names` may be given more than once, and how often at most. Raises a Problem for a
    parameter beside `names`, and for one given too often.
    """
    if not raw:
        return {}
    repeated = repeated or {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST + sum(repeated.values()),
        )
    except ValueError:
        raise Problem(400, "The query cannot be read.") from None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    if not found.keys() <= set(names):
        raise Problem(400, f"The query may have {', '.join(names)} and nothing else." if names else "No query here.")
    for name, values in found.items():
        if len(values) > repeated.get(name, 1):
            if name in repeated:
                raise broken(name, f"may be given {repeated[name]} times at most")
            raise Problem(400, "A query parameter is given twice.")
    return found


def whole(text: str | None, name: str, default: int, low: int, high: int) -> int:
    """Read a whole number; `default` when it is not given. Raises a Problem."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and low <= int(text) <= high):
        raise broken(name, f"must be a whole number from {low} to {high}")
    return int(text)


def one_of(text: str | None, name: str, default: str, *allowed: str) -> str:
    """Read one of a few words; `default` when it is not given. Raises a Problem."""
    if text is None:
        return default
    if text not in allowed:
        raise broken(name, f"must be {', '.join(allowed[:-1])} or {allowed[-1]}")
    return text


def broken(name: str, rule: str) -> Problem:
    """Give the Problem of a parameter that breaks a rule."""
    errors = [{"in": "query", "field": name, "rule": rule}]
    return Problem(400, "A query parameter breaks a rule.", kind="query", errors=errors)
