"""Parts that the descriptions (OpenAPI 3.1) of the interfaces share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["INSTANT", "TEXT_OR_NULL", "VERSION", "common_headers", "problem_response", "problem_schemas", "ref"]

INSTANT: Final = {
    "type": "string",
    "format": "date-time",
    "pattern": "Z$",
    "description": "In UTC.",
    "examples": ["2020-04-01T07:30:00Z"],
}
TEXT_OR_NULL: Final = {"type": ["string", "null"]}
VERSION: Final = {"API-Version": {"$ref": "#/components/headers/API-Version"}}
"""The header that every answer has."""


def ref(name: str) -> dict[str, str]:
    """Refer to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def common_headers(version: str) -> dict[str, Any]:
    """Describe the headers that answers of every interface may have."""
    return {
        "API-Version": {
            "description": "The version of this interface.",
            "required": True,
            "schema": {"const": version},
        },
        "Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}},
    }


def problem_response(status: str, description: str) -> dict[str, Any]:
    """Describe the answer of a problem."""
    headers: dict[str, Any] = dict(VERSION)
    if status in ("429", "503"):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    if status == "401":
        headers["WWW-Authenticate"] = {"required": True, "schema": {"type": "string"}}
    return {
        "description": description,
        "headers": headers,
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }


def problem_schemas(members: Mapping[str, Any], broken: Mapping[str, Any]) -> dict[str, Any]:
    """Describe problem details; `members`: what an interface adds to them, `broken`: what it tells of a broken rule."""
    return {
        "Problem": {
            "description": "Problem details (RFC 9457). Nothing in it comes from what was sent.",
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": {"type": "string"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string"},
                "errors": {"type": "array", "items": ref("Broken")},
                **members,
            },
        },
        "Broken": {"type": "object", "required": ["in", "field", "rule"], "properties": dict(broken)},
    }
