"""The desk of the school attendance officers: `faststream run services.leerplicht:app`, or with any ASGI server."""

from __future__ import annotations

from services.desks.app import make_desk

__all__ = ["app"]

app = make_desk("leerplicht")
