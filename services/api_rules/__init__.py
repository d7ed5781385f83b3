"""What the HTTP interfaces of the project have in common: the NL API Design Rules, and problem details by RFC 9457.

The desks' (`services.desks.http`) and that of the pages' server (`services.web.api`) are built on it.
"""

from services.api_rules.query import broken, one_of, read_query, whole
from services.api_rules.replies import JSON, Problem, Reply, encode, failed, method_unknown, send_reply
from services.api_rules.routing import Everything

__all__ = [
    "JSON",
    "Everything",
    "Problem",
    "Reply",
    "broken",
    "encode",
    "failed",
    "method_unknown",
    "one_of",
    "read_query",
    "send_reply",
    "whole",
]
