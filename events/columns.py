"""Times of the contract, a whole column at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from events.rules import INSTANT_PATTERN

__all__ = ["in_utc", "instants"]

# As the contract has them but for small letters, which are rare: its own reader decides.
_TIME: Final = INSTANT_PATTERN.replace("[Tt]", "T").replace("[Zz]", "Z")
_IN_UTC, _WITH_OFFSET = len("2020-03-16T10:00:00Z"), len("2020-03-16T11:00:00+01:00")
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


def in_utc(texts: list[Any], micros: Sequence[int | None]) -> list[Any]:
    """Write valid times as a datetime in UTC is written; whatever is no text stays as it is. `micros` are the times."""
    try:
        lengths = set(map(len, texts))
    except TypeError:  # some are no text
        places = [at for at, text in enumerate(texts) if isinstance(text, str)]
        some = in_utc([texts[at] for at in places], [micros[at] for at in places])
        written = list(texts)
        for at, text in zip(places, some, strict=True):
            written[at] = text
        return written
    if lengths <= {_IN_UTC}:
        return texts
    if lengths <= {_IN_UTC, _WITH_OFFSET}:
        seconds = np.array(micros, np.int64) // 1_000_000
        return [f"{text}Z" for text in np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()]
    return [text if len(text) == _IN_UTC else datetime.fromisoformat(text).astimezone(UTC) for text in texts]


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
