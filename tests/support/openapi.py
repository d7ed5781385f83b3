"""What every description of an HTTP interface is held to."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator


def assert_sound(described: dict[str, Any]) -> None:
    """Every schema is one, and every reference leads somewhere."""
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    _follow(described, described)


def _follow(part: Any, described: dict[str, Any]) -> None:
    if isinstance(part, dict):
        target = part.get("$ref")
        if isinstance(target, str):
            found: Any = described
            for step in target.removeprefix("#/").split("/"):
                found = found[step]
        for each in part.values():
            _follow(each, described)
    elif isinstance(part, list):
        for each in part:
            _follow(each, described)
