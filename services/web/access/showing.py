"""Drawing the pages about access, in the language asked for."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from services.web.access.links import SIGN_IN
from services.web.environment import render
from services.web.pages.answering import board_of
from services.web.query import read_query
from services.web.rendering import common
from services.web.texts import language_of

__all__ = ["show"]


def show(request: Request, template: str, **more: Any) -> str:
    """Draw a template of `templates/access`."""
    language = language_of(request.query_params, request.cookies.get("lang"))
    return render(f"access/{template}", common(board_of(request), read_query({}, SIGN_IN), language), **more)
