"""The desk of the municipality's WIJ teams: `faststream run services.wij:app`, or with any ASGI server."""

from __future__ import annotations

from services.desks.app import make_desk

__all__ = ["app"]

app = make_desk("wij")
