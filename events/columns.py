"""Times of the contract, a whole column at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from events.rules import INSTANT_PATTERN

__all__ = ["instants"]

# As the contract has them but for small letters, which are rare: its own reader decides.
_TIME: Final = INSTANT_PATTERN.replace("[Tt]", "T").replace("[Zz]", "Z")
_MICROS: Final = pa.timestamp("us", tz="UTC")


def instants(values: list[str | None], bad: set[int]) -> list[Any]:
    """Give the times in microseconds since 1970-01-01T00:00Z, None where none stands.

    Adds the places of those that are none to `bad`; what is given is then of no use.
    """
    texts = pa.array(values, pa.string())
    fits = pc.match_substring_regex(texts, _TIME)
    if not pc.all(fits).as_py() and texts.null_count < len(texts):
        bad |= {at for at, fit in enumerate(fits.to_pylist()) if fit is False}
        texts = pc.if_else(pc.fill_null(fits, True), texts, None)
    try:
        return texts.cast(_MICROS).cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]
    except pa.ArrowInvalid:  # a day that does not exist
        wrong = {at for at, text in enumerate(texts.to_pylist()) if text is not None and not _exists(text)}
        bad |= wrong or set(range(len(values)))
        return []


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
