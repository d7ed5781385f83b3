"""The page of one municipality."""

from __future__ import annotations

from starlette.requests import Request

from projections.register import municipalities
from projections.tables import UNKNOWN
from services.web.board import Board
from services.web.environment import render
from services.web.frame import KEYS, Frame
from services.web.query import Query
from services.web.rendering import common
from services.web.rows import name_of
from services.web.texts import Language

__all__ = ["draw_municipality", "is_place"]

_CODES = frozenset(municipality.code for municipality in municipalities())


def is_place(code: str, frame: Frame) -> bool:
    """Tell whether there is a page for a place: it is in the register, or has a number."""
    return code in _CODES or code == UNKNOWN or code in frame.rows


def draw_municipality(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/gemeenten/{code}`; None when there is no such place."""
    code = request.path_params["code"]
    if not is_place(code, frame):
        return None
    return render(
        "municipality.html",
        common(board, query, language, topic=f"municipality:{code}:{query.sector}"),
        keys=KEYS,
        name=name_of(code, language),
    )
