"""Building a live view from nothing through the columnar query: the same database as following the ledger gives.

Checked messages are written as columns (``Columns``), one query settles which of them stand, and the fold then meets
every pupil once, with all its reports at hand, in several processes at once (``build``).
"""

from projections.rebuild.building import Told, build
from projections.rebuild.columns import Columns

__all__ = ["Columns", "Told", "build"]
