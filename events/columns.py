"""Times of the contract, a whole column at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from events.rules import INSTANT_PATTERN

__all__ = ["in_utc", "instants"]

# As the contract has them but for small letters, which are rare: its own reader decides.
_TIME: Final = INSTANT_PATTERN.replace("[Tt]", "T").replace("[Zz]", "Z")
_IN_UTC, _WITH_OFFSET = len("2020-03-16T10:00:00Z"), len("2020-03-16T11:00:00+01:00")
_MICROS: Final = pa.timestamp("us", tz="UTC")
_SECONDS: Final = pa.timestamp("s")


def instants(values: Sequence[str | None], bad: set[int]) -> pa.Int64Array:
    """Give the times in microseconds since 1970-01-01T00:00Z, null where none stands.

    Adds the places of those that are none to `bad`; what is given is then of no use.
    """
    texts = pa.array(values, pa.string())
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.int64())
    fits = pc.match_substring_regex(texts, _TIME)
    if not pc.all(fits).as_py():
        bad |= {at for at, fit in enumerate(fits.to_pylist()) if fit is False}
        texts = pc.if_else(pc.fill_null(fits, True), texts, None)
    try:
        return texts.cast(_MICROS).cast(pa.int64())
    except pa.ArrowInvalid:  # a day that does not exist
        wrong = {at for at, text in enumerate(texts.to_pylist()) if text is not None and not _exists(text)}
        bad |= wrong or set(range(len(values)))
        return pa.nulls(len(texts), pa.int64())


def in_utc(texts: Sequence[str | None], micros: pa.Int64Array) -> Sequence[str | datetime | None]:
    """Write valid times as a datetime in UTC is written; None stays None. `micros` are the times."""
    lengths = set(map(len, filter(None, texts)))
    if lengths <= {_IN_UTC}:
        return texts
    seconds = pc.divide(micros, 1_000_000)
    if lengths <= {_IN_UTC, _WITH_OFFSET} and pc.all(pc.equal(pc.multiply(seconds, 1_000_000), micros)).as_py():
        written = seconds.cast(_SECONDS).cast(pa.string())  # 2020-03-16 10:00:00
        whole = pc.binary_join_element_wise(pc.binary_replace_slice(written, 10, 11, "T"), "Z", "")
        return whole.to_pylist()  # type: ignore[no-any-return]
    return [
        text if text is None or len(text) == _IN_UTC else datetime.fromisoformat(text).astimezone(UTC) for text in texts
    ]


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
