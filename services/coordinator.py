"""The coordinator's desk, for closures: `faststream run services.coordinator:app`, or with any ASGI server."""

from __future__ import annotations

from services.desks.app import make_desk

__all__ = ["app"]

app = make_desk("coordinator")
