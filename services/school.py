"""The desk of schools: `faststream run services.school:app`, or with any ASGI server."""

from __future__ import annotations

from services.desks.app import make_desk

__all__ = ["app"]

app = make_desk("school")
