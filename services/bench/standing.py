"""What one more event, and a page, cost when the ledger holds a hundredth, a tenth and all of the events.

Of more than a million the view is built from an archive, and the ledger goes on behind it: for all sizes of that run.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from events.times import format_instant, parse_instant
from projections.live.reading import LiveReader
from services.bench.catching_up import position_of
from services.bench.context import Bench
from services.bench.figures import Figure, NotMeasured, Target
from services.bench.from_archive import begin_behind, last_lines
from services.bench.processes import LONGEST, processor_seconds_of, resident_bytes_of, run, with_descendants
from services.bench.systems import newest_sequence, whole_system
from services.system import DataDir, SystemRecord

__all__ = ["standing"]

TARGET: Final = Target(1.5)
"""Times as much as with a hundredth of the events, at most."""
MEMORY: Final = Target(1_000.0)
"""Bytes for each pupil who is not reached, at most."""
_PARTS: Final = (100, 10, 1)
_FEWEST: Final = 100_000
"""Fewer are too few to compare with: all that comes is then about the same few pupils, and shares what it costs."""
_FEWEST_TRIAL: Final = 2_000
_IMPORTED: Final = 1_000_000
"""Events that are imported at most."""
_MORE: Final = 20_000
"""Events that come when all the others are known: about pupils whom it knows."""
_TRIAL: Final = 500
_VIEW: Final = "kib live view"
_PAGES: Final = {"now": "", "table": "gemeenten", "municipality": "gemeenten/GM0363"}
_WHOLE: Final = {
    "now": re.compile(rb'id="h-all"[^>]*>[^<]'),
    "table": re.compile(b""),
    "municipality": re.compile(b'<table[^>]*="settling-title"'),
}
"""What a page has when all is there that is worked out beside it: distinct households, past weeks."""
_ROUNDS, _TRIAL_ROUNDS = 41, 5
_ALONE: Final = {"KINDINBEELD_AUDIT_EVERY": "0", "KINDINBEELD_ARCHIVE_EVERY": "0"}
"""Neither runs beside: what they take grows with the ledger, and they give way to what is measured, but not wholly."""
_LOOK: Final = 0.05
_SPELL, _AT_REST = 2.0, 0.1
"""Seconds for which the live view is looked at, and of processor time within them, below which it does nothing more."""
_PATIENCE, _AGAIN = 300.0, 0.5
"""Seconds for which a page is waited for until all is on it, and between two times that it is asked for."""
_MINUTE: Final = 60_000_000


def standing(bench: Bench) -> Iterator[Figure]:
    """Fill a system of its own at each size, the smaller ones first; without the hundredth when quick or too few."""
    first: dict[str, float] = {}
    memory: list[tuple[float, int]] = []
    for part in _parts(bench):
        number = max(bench.asked.events // part, _FEWEST_TRIAL)
        bench.say(f"one more event, and pages, with {number:,} events in the ledger")
        for key, words, unit, value, note in _measured(bench, number, memory):
            target = TARGET if part == 1 and key in first and bench.judged else None
            times = value / first.setdefault(key, value)
            yield Figure(
                f"standing-{key}-{number}", f"{words}, {number:,} events in the ledger", unit, value, None, note
            )
            if part == 1 and key != "memory":
                yield Figure(f"standing-{key}", f"{words}: with all against with the fewest", "times", times, target)
    (least, few), (most, many) = memory[0], memory[-1]
    each = (most - least) / max(many - few, 1)
    note = "what the view holds more with all than with the fewest, by the pupils of the fullest week"
    yield Figure(
        "standing-pupil", "memory for each pupil not reached", "B", each, MEMORY if bench.judged else None, note
    )


def _parts(bench: Bench) -> Sequence[int]:
    """Give of which parts of the events a ledger is made."""
    hundredth = bench.asked.events // _PARTS[0] >= _FEWEST and not bench.asked.quick
    return _PARTS if hundredth else _PARTS[1:]


def _measured(bench: Bench, number: int, memory: list[tuple[float, int]]) -> Iterator[tuple[str, str, str, float, str]]:
    place = bench.place("standing")
    file: Path | None = None
    if bench.asked.events > _IMPORTED:
        archive = bench.data.archive(number)
        begin_behind(bench, archive, place)
        last = last_lines(archive)
    else:
        file = bench.data.events(number)
        last = _lines(file)
    with whole_system(place, _ALONE) as record:
        data_dir = DataDir(place)
        if file is not None:
            run(["import", "--strict", file], place)
        _wait(data_dir, newest_sequence(record))
        more = place / "more.ndjson"
        events = _MORE if bench.judged else _TRIAL
        _write_more(last, more, events)
        view = _at_rest(record)
        before = processor_seconds_of(view)
        run(["import", "--strict", more], place)
        _wait(data_dir, newest_sequence(record))
        spent = (processor_seconds_of(view) - before) / events * 1e6
        note = f"processor time, of {events:,} events that came to a view at rest"
        yield "event", "one more event in the live view", "µs", spent, note
        rounds = _ROUNDS if bench.judged else _TRIAL_ROUNDS
        for name, path in _PAGES.items():
            url = f"{record.page_url}{path}"
            whole = _wait_until_whole(url, _WHOLE[name])
            took = statistics.median(_fetched(url)[0] for _ in range(rounds)) * 1000
            yield f"page-{name}", f"the page /{path}", "ms", took, f"median of {rounds}; {whole}"
        pupils = _unreached(data_dir)
        held = resident_bytes_of(view)
        memory.append((held, pupils))
        note = f"of its processes together; {pupils:,} pupils not reached in the fullest week"
        yield "memory", "memory of the live view", "MB", held / 1e6, note


def _view(record: SystemRecord) -> list[int]:
    """Give the live view's process and those that it started."""
    for pid in with_descendants(record.pid):
        try:
            name = Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
        except OSError:
            continue
        if name == _VIEW:
            return list(with_descendants(pid))
    raise NotMeasured("the live view's process cannot be seen here")


def _wait(data_dir: DataDir, position: int) -> None:
    deadline = time.monotonic() + LONGEST
    while position_of(data_dir.live_view) < position:
        if time.monotonic() > deadline:
            raise NotMeasured("the live view does not catch up")
        time.sleep(_LOOK)


def _at_rest(record: SystemRecord) -> list[int]:
    """Wait until the view has done what it does once when it starts, as having its indexes read; give its processes."""
    deadline = time.monotonic() + _PATIENCE
    view, spent = _view(record), 0.0
    while True:
        time.sleep(_SPELL)
        before, those = spent, view
        view = _view(record)
        with suppress(OSError):  # one of them has just ended
            spent = processor_seconds_of(view)
            if view == those and (spent - before < _AT_REST or time.monotonic() > deadline):
                return view


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        yield from lines


def _write_more(lines: Iterable[bytes], more: Path, wanted: int) -> None:
    """Write events about the pupils lost last, each restored, lost, restored in turn; recorded now, as what comes is.

    So they are late reports, and what was known of past weeks stands.
    """
    lost: dict[str, dict[str, Any]] = {}
    last = ""
    for line in lines:
        if b"contact-lost" in line:
            event = json.loads(line)
            last = event["recordedtime"]
            lost.pop(event["data"]["pupil"], None)
            lost[event["data"]["pupil"]] = event
            if len(lost) > wanted:
                del lost[next(iter(lost))]
    began = parse_instant(last)
    known = list(lost.values())
    recorded = format_instant(time.time_ns() // 1000)
    with more.open("w", encoding="utf-8") as out:
        for number in range(wanted):
            event, turn = known[number % len(known)], number // len(known)
            at = format_instant(began + _MINUTE * (turn + 1))
            data = event["data"] | {"occurredAt": at}
            if turn % 2 == 0:
                data = {"pupil": data["pupil"], "via": "phone", "occurredAt": at}
            kind = "contact-restored" if turn % 2 == 0 else "contact-lost"
            again = event | {
                "id": f"standing-{number}",
                "type": event["type"].replace("contact-lost", kind),
                "recordedtime": recorded,
                "data": data,
            }
            out.write(json.dumps(again) + "\n")


def _wait_until_whole(url: str, wanted: re.Pattern[bytes]) -> str:
    """Ask for a page until it has what is worked out beside it, though not for ever; tell what became of that."""
    begun = time.monotonic()
    while not wanted.search(_fetched(url)[1]):
        if time.monotonic() - begun > _PATIENCE:
            return f"not yet whole {_PATIENCE:.0f} s after the first"
        time.sleep(_AGAIN)
    return f"whole {time.monotonic() - begun:.1f} s after the first"


def _fetched(url: str) -> tuple[float, bytes]:
    begun = time.perf_counter()
    with urlopen(url, timeout=60) as answer:  # noqa: S310 - on loopback
        page = answer.read()
    return time.perf_counter() - begun, page


def _unreached(data_dir: DataDir) -> int:
    """Give how many pupils were not reached in the fullest week."""
    reader = LiveReader(data_dir.live_view)
    try:
        return int(reader.tables(0).counts["unreached"].sum(axis=(0, 1)).max(initial=0))
    finally:
        reader.close()
