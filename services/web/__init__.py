"""The live page: the number of pupils not reached, by municipality and week, as it changes."""

from services.web.app import create_app
from services.web.source import ClosureLike, Lag, TablesLike, TableSource

__all__ = ["ClosureLike", "Lag", "TableSource", "TablesLike", "create_app"]
