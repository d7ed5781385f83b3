"""What the view's metrics cost: the same transactions with and without them, by turns, in one process.

By processor time, and by the middle of many pairs, since a difference of a few thousandths drowns in what else a
machine does.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from events import DESKS
from projections.live.message import Message, Source, take
from projections.live.store import open_store
from projections.live.view import LiveView
from services.bench.context import Bench
from services.bench.crisis import Crisis
from services.bench.figures import RATE, Figure, Target
from services.view.measuring import Measures

TARGET: Final = Target(2.0)
UNREACHED: Final = 2_000
_TOGETHER: Final = 20
"""Messages in a transaction: as many as come together at some 1,000 a second."""
_BLOCK: Final = 10
"""Transactions in a row with, or without: a hundredth of a second or more, of which the clock is sure."""
_PAIRS, _QUICK_PAIRS = 200, 40


def metrics(bench: Bench) -> Iterator[Figure]:
    """Two hundred pairs (forty when quick) of 200 messages each, and what writing the file once a second adds."""
    bench.say("measuring what metrics cost")
    pairs = _QUICK_PAIRS if bench.asked.quick else _PAIRS
    place = bench.place("metrics")
    store = open_store(place / "live.sqlite")
    thresholds = gc.get_threshold()
    # As the view's process does it; otherwise collections, which take longer than what is measured, fall where they do.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    try:
        view, crisis, measures = LiveView(store), Crisis(), Measures()
        messages = _messages(crisis, (pairs + 1) * 2 * _BLOCK * _TOGETHER)
        _fold(view, [next(messages) for _ in range(UNREACHED)], None)
        found, writing = [], []
        for number in range(pairs + 1):
            # Who is first takes turns too.
            order = (measures, None) if number % 2 else (None, measures)
            took = {each is not None: _block(view, messages, each) for each in order}
            found.append((took[True], took[False]))
            writing.append(_written(measures, place / "view.prom"))
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        store.datastore.close()
    found = found[1:]
    file = 100 * statistics.median(writing)
    # Of two pairs one had metrics first and one last: which comes first alone makes some per cent.
    fours = [(one[0] + other[0], one[1] + other[1]) for one, other in zip(found[::2], found[1::2], strict=True)]
    cost = file + statistics.median(100 * (with_them / without - 1) for with_them, without in fours)
    number = _BLOCK * _TOGETHER
    for key, which, words in (("with", 0, "with metrics"), ("without", 1, "without metrics")):
        rate = number / statistics.median(pair[which] for pair in found)
        yield Figure(f"metrics-{key}", f"the live view's fold, {_TOGETHER} messages a transaction, {words}", RATE, rate)
    note = f"the middle of {pairs} pairs of {number} messages, by processor time; {file:.2f} % is the file, each second"
    yield Figure("metrics-cost", "what metrics cost of it", "%", cost, None if bench.asked.quick else TARGET, note)


def _messages(crisis: Crisis, reports: int) -> Iterator[Message]:
    """Give the opening, then so many reports, checked, as the view's reader hands them on."""

    def raws() -> Iterator[tuple[str, bytes]]:
        yield from crisis.opening(UNREACHED)
        for _ in range(reports):
            yield crisis.report()

    for position, (subject, raw) in enumerate(raws(), start=1):
        desk = next(part for part in subject.split(".") if part in DESKS)
        yield take(Source(position, crisis.now, desk, raw))


def _block(view: LiveView, messages: Iterator[Message], measures: Measures | None) -> float:
    """Fold a block; gives seconds of processor time."""
    batches = [[next(messages) for _ in range(_TOGETHER)] for _ in range(_BLOCK)]
    begun = time.process_time()
    for batch in batches:
        _fold(view, batch, measures)
    return time.process_time() - begun


def _written(measures: Measures, file: Path) -> float:
    """Write the file, as is done once a second; gives seconds of processor time."""
    begun = time.process_time()
    measures.write(file)
    return time.process_time() - begun


def _fold(view: LiveView, batch: list[Message], measures: Measures | None) -> None:
    started = time.monotonic()
    view.take(batch)
    pending = view.pending
    view.write()
    written = time.monotonic()
    if measures is not None:
        measures.applied(pending, written - started)
