"""Every measurement by its name, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Final

import nats.errors

from services.bench.context import Bench
from services.bench.figures import Figure, NotMeasured
from services.system import CommandError

MEASUREMENTS: Final = {
    "evaluate": ("evaluating", "evaluate", "a table from a file of events"),
    "import": ("importing", "import_", "a file of events into the ledger"),
    "catch-up": ("catching_up", "catch_up", "the live view from zero to the end of a ledger, as `up` catches up"),
    "follow": ("catching_up", "follow", "the same by following only, event by event"),
    "rebuild": ("catching_up", "rebuild", "the live view of a whole ledger, built at once"),
    "archive": ("archiving", "archive", "the archive, built and replayed: one table, sixty, the triangle"),
    "peers": ("peers", "peers", "the live count by PostgreSQL and by Polars, beside the archive's"),
    "growth": ("growth", "growth", "a hundredth, a tenth and all of the events: how it grows"),
    "standing": ("standing", "standing", "one more event, and a page, with more and more in the ledger"),
    "report": ("reporting", "report", "the report of the country over both closures, from an archive"),
    "postgres": ("postgres", "postgres", "the same as `follow` with the live view in PostgreSQL, beside SQLite"),
    "workers": ("workers", "workers", "two workers of the live view on two processors, beside one on one"),
    "live": ("latency", "live", "from publish to the number in an open page"),
    "metrics": ("measuring", "metrics", "what the live view's metrics cost of its rate"),
    "pages": ("many_pages", "pages", "from the ledger to two hundred open pages"),
    "opening": ("opening", "opening", "what a page weighs, and how soon it is painted"),
    "desk-single": ("desks", "single", "single reports to a desk by HTTP"),
    "desk-batch": ("desks", "batches", "reports to a desk by HTTP in batches, beside the library's own save"),
    "relay": ("desks", "relay", "a desk's reports into the ledger after an outage"),
    "failover": ("failover", "failover", "a ledger of three servers whose leader ends"),
    "fetch": ("fetching", "fetch", "baseline: a bare fetch loop of nats-py that only counts"),
    "library": ("library", "library", "baselines: the eventsourcing library's projection runner"),
    "plain": ("plain", "plain", "baseline: plain Python over all events"),
}
"""By name: module, function, and what is measured."""


def measure(bench: Bench, names: Iterable[str] | None = None) -> Iterator[Figure]:
    """Make the measurements with these names, all without; one that cannot be made gives a figure that says why.

    Raises KeyError for a name that is none.
    """
    chosen = set(MEASUREMENTS if names is None else names)
    if unknown := chosen - set(MEASUREMENTS):
        raise KeyError(min(unknown))
    for name, (module, function, words) in MEASUREMENTS.items():
        if name in chosen:
            # Only now: nobody should wait for the libraries of what is not measured.
            made: Callable[[Bench], Iterator[Figure]] = getattr(import_module(f"services.bench.{module}"), function)
            try:
                yield from made(bench)
            except (NotMeasured, CommandError, OSError, TimeoutError, nats.errors.Error) as why:
                yield Figure(name, words, "", None, note=_one_line(why))


def _one_line(why: Exception) -> str:
    return " ".join(str(why).split()) or type(why).__name__
