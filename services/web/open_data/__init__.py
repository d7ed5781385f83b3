"""Open data: the public tables and what they mean, for everyone and every program, under `/v1/open-data`."""

from services.web.open_data.routes import create_routes

__all__ = ["create_routes"]
