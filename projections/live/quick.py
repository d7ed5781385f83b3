"""Taking many messages at once as ``projections.live.message.take`` takes each of them, in half the time or less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from events import CLOCK_TOLERANCE, IMPORT_DESK, event_key, week_monday
from events.content import event_keys
from events.quick import Checked, QuickChecker
from projections.fold.reports import DEVICE, LOST, NO_PLACE, RESIDENCE, RESTORED, VISIT, Report, place_number
from projections.fold.school import Statement
from projections.live.message import NOTHING, PUPIL, SCHOOL, Message, Source, Sources, Taken, take
from projections.tables import DEVICES, OUTCOMES, SECTORS

_SECTORS: Final = {name: number for number, name in enumerate(SECTORS)}
_ORDER: Final = {
    "contact-lost": LOST,
    "contact-restored": RESTORED,
    "residence-established": RESIDENCE,
    "device-lent": DEVICE,
    "door-visit": VISIT,
}
_OF_SCHOOLS: Final = ("week-reported", "reminder-sent")
_DETAILS: Final = {
    "device": {name: number for number, name in enumerate(DEVICES)},
    "outcome": {name: number for number, name in enumerate(OUTCOMES)},
}
_new: Final = tuple.__new__


class _Places(dict[str | None, int]):
    """The number of each place that was met: a few hundred."""

    def __missing__(self, code: str | None) -> int:
        number = self[code] = place_number(code)
        return number


_PLACES: Final = _Places()


class Reports(NamedTuple):
    """Valid reports of one kind about pupils, column by column: what ``Taken`` and its ``Report`` hold of each."""

    at: list[int]
    """Where each stood among those given."""
    position: list[int]
    recorded: Any
    """An array of Arrow, as `occurred` is; both in microseconds."""
    pupil: Sequence[str]
    key: list[bytes]
    content: list[bytes]
    occurred: Any
    order: int
    source: Sequence[str]
    id: Sequence[str]
    sector: list[int]
    place: list[int]
    household: Sequence[str | None]
    detail: list[int]


class QuickReader:
    """Takes messages in, the more quickly the more of them are alike. Not for several threads at a time."""

    def __init__(self) -> None:
        """Begin with nothing met."""
        self._checker = QuickChecker()

    def take_all(self, sources: Sequence[Source]) -> list[Message]:
        """Check messages; what comes out is in their order."""
        taken: list[Any] = [None] * len(sources)
        reports, others = self.take_columns(Sources(sources))
        for columns in reports:
            for at, message in zip(columns.at, _messages(columns), strict=True):
                taken[at] = message
        for at, other in others:
            taken[at] = other
        return taken

    def take_columns(self, sources: Sources) -> tuple[list[Reports], list[tuple[int, Message]]]:
        """Check messages; gives the valid reports about pupils as columns, and where all others stood and what came."""
        checked, places = self._checker.check(sources.raws, digests=True)
        reports: list[Reports] = []
        others: list[tuple[int, Message]] = []
        for found in checked:
            recorded = _recorded(found, sources)
            if _any_too_late(found.occurred, recorded):
                places += found.at  # the contract's reader says which happened after they were recorded
            elif found.kind in _ORDER:
                reports.append(_reports(found, recorded, sources))
            elif found.kind in _OF_SCHOOLS:
                others += zip(found.at, _of_schools(found, recorded.to_pylist(), sources), strict=True)
            else:
                places += found.at
        others += [(at, take(sources[at])) for at in places]
        return reports, others


def _recorded(found: Checked, sources: Sources) -> Any:
    """Give when each was recorded, in microseconds: an array of Arrow. Only an import brings a time of its own."""
    import pyarrow as pa

    own, desks, stamps = found.recorded, sources.desks, sources.stamps
    if own.null_count == 0 and {desks[at] for at in found.at} == {IMPORT_DESK}:
        return own
    each = zip(found.at, own.to_pylist(), strict=True)
    return pa.array(
        [at_own if at_own is not None and desks[at] == IMPORT_DESK else stamps[at] for at, at_own in each],
        pa.int64(),
    )


def _any_too_late(occurred: Any, recorded: Any) -> bool:
    """Tell whether any happened later than it may have when it was recorded."""
    # Only now, as where they are checked: who reads few at a time need not wait for the columnar library.
    import pyarrow.compute as pc

    return bool(pc.any(pc.greater(occurred, pc.add(recorded, CLOCK_TOLERANCE))).as_py())


def _reports(found: Checked, recorded: Any, sources: Sources) -> Reports:
    values, number, positions = found.values, len(found.at), sources.positions
    sectors = list(map(_SECTORS.__getitem__, values["sector"])) if "sector" in values else [0] * number
    places, details = [NO_PLACE] * number, [0] * number
    if "municipality" in values:
        places = list(map(_PLACES.__getitem__, values["municipality"]))
    for member, numbers in _DETAILS.items():
        if member in values:
            details = list(map(numbers.__getitem__, values[member]))
    return Reports(
        found.at,
        [positions[at] for at in found.at],
        recorded,
        values["pupil"],
        event_keys(values["source"], values["id"]),
        found.content,
        found.occurred,
        _ORDER[found.kind],
        values["source"],
        values["id"],
        sectors,
        places,
        values.get("household") or [None] * number,
        details,
    )


def _messages(columns: Reports) -> Iterator[Taken]:
    order = columns.order
    reports = (
        _new(Report, (occurred, order, *rest, False))
        for occurred, *rest in zip(
            columns.occurred.to_pylist(),
            columns.source,
            columns.id,
            columns.sector,
            columns.place,
            columns.household,
            columns.detail,
            strict=True,
        )
    )
    each = zip(
        columns.position,
        columns.recorded.to_pylist(),
        columns.pupil,
        columns.key,
        columns.content,
        reports,
        strict=True,
    )
    for position, recorded, pupil, key, content, report in each:
        yield _new(Taken, (position, recorded, PUPIL, pupil, key, content, report, None, None))


def _of_schools(found: Checked, recorded: list[int], sources: Sources) -> Iterator[Taken]:
    values = found.values
    for place, at in enumerate(found.at):
        source, id, school, sector = (values[name][place] for name in ("source", "id", "school", "sector"))
        position, taken, key, content = (
            sources.positions[at],
            recorded[place],
            event_key(source, id),
            found.content[place],
        )
        if found.kind != "week-reported":
            yield Taken(position, taken, NOTHING, "", key, content)
            continue
        week, claim = week_monday(values["week"][place]), values["unreached"][place]
        statement = Statement(taken, source, id, False, _SECTORS[sector], week, claim, 0, 0, None)
        yield Taken(position, taken, SCHOOL, f"{school}|{sector}", key, content, statement=statement)
