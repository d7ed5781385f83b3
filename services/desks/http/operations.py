"""The operations of the interface's description: what may be asked at which address, and with which answers."""

from __future__ import annotations

from typing import Any, Final

from events.rules import ID_LENGTH, SOURCE_LENGTH, SOURCE_PATTERN
from services.api_rules.describing import VERSION, ref
from services.desks.http.binding import Mode
from services.desks.http.limits import Limits
from services.desks.http.reading import LIMIT, MOST

__all__ = ["paths"]

_POSITION: Final = {
    "name": "position",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
}
_AFTER: Final = {
    "name": "after",
    "in": "query",
    "description": "Only what lies behind this position.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "default": 0},
}
_AT_MOST: Final = {
    "name": "limit",
    "in": "query",
    "description": "Entries of a page at most.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
}
_SOURCE: Final = {"type": "string", "maxLength": SOURCE_LENGTH, "pattern": SOURCE_PATTERN}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": ID_LENGTH}
_LOCATION: Final = {
    "Location": {
        "description": "Where the report and its fate can be read back.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    }
}


def paths(limits: Limits) -> dict[str, Any]:
    """Describe every address, under the desk's limits."""
    single = {"schema": ref("Event")}
    each = {
        "description": "Each should be an event; what is not is rejected by itself, and the others are taken in.",
        "anyOf": [ref("Event"), {}],
    }
    batch = {"schema": {"type": "array", "maxItems": limits.batch, "items": each}}
    taken = {
        "200": _answer("Known: a copy of what was accepted before. For a batch: an answer for each event.", None)
        | {
            "content": {"application/json": {"schema": {"oneOf": [ref("Answer"), ref("Answers")]}}},
        },
        "201": _answer("Accepted: it is on the disk.", "Answer", _LOCATION),
    }
    return {
        "/events": {
            "post": {
                "operationId": "report",
                "tags": ["events"],
                "summary": "Report one event or a batch",
                "description": (
                    "Structured, batched or binary mode by the media type. A single event is answered by the status;"
                    f" a batch of at most {limits.batch} events by 200 with an answer for each."
                ),
                "parameters": [_attribute(name) for name in ("specversion", "id", "source", "type", "time")],
                "requestBody": {
                    "required": True,
                    "content": {
                        Mode.STRUCTURED.value: single,
                        Mode.BATCHED.value: batch,
                        Mode.BINARY.value: {"schema": ref("Data")},
                    },
                },
                "responses": taken | _problems("400", "403", "408", "409", "413", "415"),
            },
            "get": {
                "operationId": "listReports",
                "tags": ["events"],
                "summary": "Read back one's own reports and their fate",
                "parameters": [
                    _AFTER,
                    _AT_MOST,
                    {
                        "name": "source",
                        "in": "query",
                        "description": "Whose reports; may be left out where the key is for one source.",
                        "schema": _SOURCE,
                    },
                ],
                "responses": {"200": _answer("A page of reports.", "Reports")} | _problems("400", "403"),
            },
        },
        "/events/{source}/{id}": {
            "get": {
                "operationId": "getReport",
                "tags": ["events"],
                "summary": "Read back one report that was accepted",
                "parameters": [
                    {"name": "source", "in": "path", "required": True, "schema": _SOURCE},
                    {"name": "id", "in": "path", "required": True, "schema": _ID},
                ],
                "responses": {"200": _answer("The report.", "ReportWithEvent")} | _problems("400", "403", "404"),
            },
        },
        "/rejected": {
            "get": {
                "operationId": "listRejected",
                "tags": ["rejected"],
                "summary": "List what was refused",
                "parameters": [
                    _AFTER,
                    _AT_MOST,
                    {
                        "name": "resolved",
                        "in": "query",
                        "description": "Whether to list too what was taken in later.",
                        "schema": {"type": "boolean", "default": False},
                    },
                ],
                "responses": {"200": _answer("A page of what was refused.", "Rejections")} | _problems("400", "403"),
            },
        },
        "/rejected/{position}": {
            "get": {
                "operationId": "getRejected",
                "tags": ["rejected"],
                "summary": "Tell of one that was refused",
                "parameters": [_POSITION],
                "responses": {"200": _answer("What was refused.", "Rejection")} | _problems("400", "403", "404"),
            },
        },
        "/rejected/{position}/content": {
            "get": {
                "operationId": "getRejectedContent",
                "tags": ["rejected"],
                "summary": "Read what was refused, byte by byte as it came",
                "parameters": [_POSITION],
                "responses": {
                    "200": {
                        "description": "The bytes. They may be about a person.",
                        "headers": VERSION,
                        "content": {"application/octet-stream": {}},
                    },
                    **_problems("400", "403", "404"),
                },
            },
        },
        "/rejected/{position}/resend": {
            "post": {
                "operationId": "resendRejected",
                "tags": ["rejected"],
                "summary": "Send it again, as it was or corrected",
                "parameters": [_POSITION],
                "requestBody": {
                    "required": False,
                    "description": "The corrected event; none: as it was.",
                    "content": {Mode.STRUCTURED.value: single},
                },
                "responses": {
                    "200": _answer("Known: it was accepted before.", "Answer", _LOCATION),
                    "201": _answer("Accepted: it is on the disk.", "Answer", _LOCATION),
                    **_problems("400", "403", "404", "408", "409", "413", "415"),
                },
            },
        },
        "/openapi.json": {
            "get": {
                "operationId": "getDescription",
                "tags": ["description"],
                "summary": "This document",
                "security": [],
                "responses": {
                    "200": _answer("OpenAPI 3.1.", None)
                    | {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "500": {"$ref": "#/components/responses/500"},
                },
            },
        },
    }


def _attribute(name: str) -> dict[str, Any]:
    return {
        "name": f"ce-{name}",
        "in": "header",
        "description": f"Binary mode: the attribute `{name}`, percent-encoded. Not read in the other modes.",
        "schema": {"type": "string", "pattern": "^[!-~]+$"},
    }


def _answer(description: str, schema: str | None, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": description, "headers": VERSION | (headers or {})}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": ref(schema)}}
    return answer


def _problems(*own: str) -> dict[str, Any]:
    """Refer to the problems of an operation: its own, and those that any may have."""
    return {
        status: {"$ref": f"#/components/responses/{status}"} for status in sorted({*own, "401", "429", "500", "503"})
    }
