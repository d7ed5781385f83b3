"""The description of the interface: OpenAPI 3.1, as `/v1/openapi.json` gives it. The tests hold it against reality."""

from __future__ import annotations

from typing import Any, Final

from services.api_rules.describing import common_headers, problem_response
from services.desks.http.limits import Limits
from services.desks.http.operations import paths
from services.desks.http.schemas import answer_schemas, event_schemas
from services.desks.http.version import API_VERSION

__all__ = ["describe"]

_PROBLEMS: Final = {
    "400": "The request or the event breaks a rule; `errors` says which.",
    "401": "No key, or one that is unknown or revoked.",
    "403": "The key does not allow this.",
    "404": "There is nothing at this address, or not for this sender.",
    "408": "The body did not come in time.",
    "409": "Another content was accepted before under the same source and id.",
    "413": "The body is too long, or the batch too large.",
    "415": "Not a media type of the CloudEvents HTTP binding, not in UTF-8, or compressed.",
    "429": "More than one key may ask at a time.",
    "500": "Something went wrong in the desk.",
    "503": "Nothing can be taken in now, and nothing of this request was, unless `detail` leaves it open; it says why.",
}


def describe(desk: str, limits: Limits) -> dict[str, Any]:
    """Describe the interface of the desk `desk` under its limits."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Kind in beeld: the desk {desk}",
            "version": API_VERSION,
            "summary": "Reports of pupils that schools no longer reach, by the CloudEvents HTTP binding.",
            "description": (
                "An event that is accepted is on the desk's disk and reaches the ledger exactly once. No pupil's name"
                " or number is ever asked for: a pupil is a pseudonym, and no pseudonym stands in an address."
            ),
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": "/v1"}],
        "security": [{"key": []}],
        "tags": [
            {"name": "events", "description": "Reporting, and reading back what one reported."},
            {"name": "rejected", "description": "What the desk refused, for the coordinator."},
            {"name": "description", "description": "This document."},
        ],
        "paths": paths(limits),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`kindinbeeld access`"}},
            "headers": common_headers(API_VERSION),
            "responses": {status: problem_response(status, said) for status, said in _PROBLEMS.items()},
            "schemas": event_schemas(desk) | answer_schemas(),
        },
    }
