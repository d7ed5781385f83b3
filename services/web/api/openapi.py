"""The description of the interface: OpenAPI 3.1, as `/v1/openapi.json` gives it. The tests hold it against reality."""

from __future__ import annotations

from typing import Any, Final

from services.api_rules.describing import common_headers, problem_response, problem_schemas
from services.web.api.operations import paths
from services.web.api.schemas import schemas
from services.web.api.version import API_VERSION

__all__ = ["describe"]

_PROBLEMS: Final = {
    "400": "A parameter breaks a rule; `errors` says which.",
    "403": "Not for whoever asks.",
    "406": "Neither JSON nor CSV is accepted.",
    "500": "Something went wrong here.",
    "503": "The tables cannot be read, or not yet; `detail` says why.",
}
_INTEGER: Final = {"type": "integer", "minimum": 0}


def describe() -> dict[str, Any]:
    """Describe the interface; the same every time."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kind in beeld: the count",
            "version": API_VERSION,
            "summary": "Pupils not reached during school closures, by municipality, sector and week.",
            "description": (
                "All that the pages show. A municipality's figures are exact for whoever may see them; everyone else"
                " sees `unreached` as the public does, in numbers below 5 as a range, and nothing more. Each answer"
                " tells as of when it stands (`asOf`) and up to which place of the ledger (`position`)."
            ),
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": "/v1"}],
        "tags": [
            {"name": "tables", "description": "The two tables of the definition, and a closer look at them."},
            {"name": "frame", "description": "What the tables are made on: municipalities, weeks and closures."},
            {"name": "service", "description": "How the system is doing, and this document."},
        ],
        "paths": paths(),
        "components": {
            "headers": common_headers(API_VERSION) | _headers(),
            "responses": {status: problem_response(status, said) for status, said in _PROBLEMS.items()},
            "schemas": schemas()
            | problem_schemas(
                {},
                {
                    "in": {"const": "query"},
                    "field": {"type": "string", "description": "The parameter."},
                    "rule": {"type": "string", "description": "Which rule is broken. Never a value that was sent."},
                },
            ),
        },
    }


def _headers() -> dict[str, Any]:
    instant = {"type": "string", "format": "date-time", "pattern": "Z$"}
    return {
        "ETag": {
            "description": "A strong validator: the same for the same bytes.",
            "required": True,
            "schema": {"type": "string"},
        },
        "Link": {
            "description": "`first`, `prev`, `next` and `last` (RFC 8288).",
            "required": True,
            "schema": {"type": "string"},
        },
        "Kib-As-Of": {"description": "As `asOf` in JSON.", "required": True, "schema": instant},
        "Kib-Public-As-Of": {"description": "As `publicAsOf` in JSON, where there is one.", "schema": instant},
        "Kib-Position": {"description": "As `position` in JSON, where it is told.", "schema": _INTEGER},
        "Kib-Total": {"description": "As `total` in JSON.", "required": True, "schema": _INTEGER},
    }
