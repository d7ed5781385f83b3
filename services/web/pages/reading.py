"""The page that explains how to read the figures."""

from __future__ import annotations

from starlette.requests import Request

from services.web.board import Board
from services.web.environment import render
from services.web.frame import Frame
from services.web.query import Query
from services.web.rendering import common
from services.web.texts import Language
from services.web.texts.reading import SECTIONS

__all__ = ["draw_reading"]


def draw_reading(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/uitleg`."""
    return render("reading.html", common(board, query, language), sections=SECTIONS)
