"""The page of one municipality."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from projections.register import municipalities
from projections.tables import UNKNOWN
from services.web.board import Board
from services.web.environment import render
from services.web.frame import ALL, KEYS, Frame
from services.web.query import Query
from services.web.rendering import common
from services.web.rows import name_of
from services.web.sight import everything_exact
from services.web.texts import Language

__all__ = ["draw_municipality", "is_place"]

_EXPLAINED: Final = {
    "chart": ("unreached", "week", "during"),
    "balance": ("flow",),
    "state": ("week", "during", "over", "households"),
    "answers": ("coverage",),
    "schools": ("schools",),
    "settling": ("settling",),
    "work": ("work",),
}
"""By section of the page, what its numbers are: sections of the page that explains the figures."""
_EXPLAINED_TOGETHER: Final = _EXPLAINED | {"chart": ("unreached", "week"), "state": ("week", "over", "distinct")}
"""The same for all sectors together, where pupils and households are counted once over them."""
_EXPLAINED_OF_OTHERS: Final = {"chart": ("unreached", "week"), "state": ("week", "coverage")}
"""The same where only what is public is shown."""

_CODES = frozenset(municipality.code for municipality in municipalities())


def is_place(code: str, frame: Frame) -> bool:
    """Tell whether there is a page for a place: it is in the register, or has a number."""
    return code in _CODES or code == UNKNOWN or code in frame.rows


def draw_municipality(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/gemeenten/{code}`; None when there is no such place."""
    code = request.path_params["code"]
    if not is_place(code, frame):
        return None
    tables = board.current.tables if board.current is not None else None
    rows = [tables.places.index(code)] if tables is not None and code in tables.places else slice(None)
    exact = tables is not None and everything_exact(tables, rows)
    return render(
        "municipality.html",
        common(board, query, language, topic=f"municipality:{code}:{query.sector}"),
        keys=KEYS,
        name=name_of(code, language),
        explained=_EXPLAINED_OF_OTHERS if not exact else _EXPLAINED_TOGETHER if query.sector == ALL else _EXPLAINED,
    )
