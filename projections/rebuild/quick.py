"""Checking many messages quickly: what looks like something that was checked before need not be checked in full.

An event is taken here when its names stand as in one that the contract's own reader accepted, each value of few kinds
(a sector, a school, a source) is one that was accepted in that place, and the free ones (an id, a pseudonym, a time)
keep the contract's rule, its own pattern. Everything else goes to that reader, and is learned from when it is accepted.
So nothing is accepted here that it would not accept, and what is rejected is rejected by it alone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from events import CLOCK_TOLERANCE, IMPORT_DESK, TYPE_PREFIX, event_key, to_micros, week_monday
from events.content import digest_of
from events.rules import ID_LENGTH, ID_PATTERN, INSTANT_PATTERN, PSEUDONYM_PATTERN
from projections.fold.reports import DEVICE, LOST, NO_PLACE, RESIDENCE, RESTORED, VISIT, Report, place_number
from projections.fold.school import Statement
from projections.live.message import NOTHING, PUPIL, SCHOOL, Message, Source, Taken, take
from projections.tables import DEVICES, OUTCOMES, SECTORS

_ORDER: Final = {
    "contact-lost": LOST,
    "contact-restored": RESTORED,
    "residence-established": RESIDENCE,
    "device-lent": DEVICE,
    "door-visit": VISIT,
}
# Of each kind: the members of few kinds of values, besides the free ones.
_FEW: Final = {
    "contact-lost": {"school", "sector", "municipality", "reason"},
    "contact-restored": {"via"},
    "residence-established": {"municipality"},
    "device-lent": {"sector", "device", "lender"},
    "door-visit": {"sector", "outcome", "visitor"},
    "week-reported": {"school", "sector", "week", "unreached"},
    "reminder-sent": {"school", "sector", "week"},
}
_FREE: Final = {"occurredAt", "pupil", "household"}
_FREE_AROUND: Final = {"id", "time", "recordedtime", "data", "type"}
_FEW_AROUND: Final = {"specversion", "source", "datacontenttype"}
_REMEMBERED: Final = 50_000
"""Values remembered of one member at most."""


class _WrittenOtherwise(Exception):  # noqa: N818 - no error: the contract's reader decides
    pass


def _no_fraction(_: str) -> Any:
    raise _WrittenOtherwise


_decode: Final = msgspec.json.Decoder(float_hook=_no_fraction).decode
_instant: Final = re.compile(INSTANT_PATTERN).fullmatch
_id: Final = re.compile(ID_PATTERN).fullmatch
_pseudonym: Final = re.compile(PSEUDONYM_PATTERN).fullmatch
_digits: Final = str.isdigit  # nine of them may be somebody's number
_SECTORS: Final = {name: number for number, name in enumerate(SECTORS)}
_DEVICES: Final = {name: number for number, name in enumerate(DEVICES)}
_OUTCOMES: Final = {name: number for number, name in enumerate(OUTCOMES)}
_parse: Final = datetime.fromisoformat
_new: Final = tuple.__new__


class _Shape(NamedTuple):
    """An event's names that were accepted, and which values were in the places of few."""

    kind: str
    around: list[tuple[str, set[Any]]]
    within: list[tuple[str, set[Any]]]
    has_time: bool
    has_household: bool


class QuickReader:
    """Takes messages as ``projections.live.message.take`` does, the more quickly the more of them are alike."""

    def __init__(self) -> None:
        """Begin with nothing learned."""
        self._shapes: dict[tuple[Any, ...], _Shape] = {}
        self._values: dict[tuple[str, str], set[Any]] = {}
        self._no_household = False

    def take(self, source: Source) -> Message:
        """Check one message."""
        try:
            content = _decode(source.raw)
            data = content["data"]
            key = content["type"], *content, *data
            shape = self._shapes.get(key)
            if shape is not None and source.raw.count(b",") == len(content) + len(data) - 2:
                taken = self._taken(source, shape, content, data)
                if taken is not None:
                    return taken
        except (_WrittenOtherwise, ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return take(source)
        message = take(source)
        if type(message) is Taken:
            # Read anew: what was begun above may have changed it.
            self._learn(key, _decode(source.raw))
        return message

    def _learn(self, key: tuple[Any, ...], content: dict[str, Any]) -> None:
        kind, data = content["type"].removeprefix(TYPE_PREFIX), content["data"]
        few = _FEW.get(kind)
        if few is None or not set(content) <= _FREE_AROUND | _FEW_AROUND or not set(data) <= _FREE | few:
            return
        around = [(name, self._known("", name, content[name])) for name in content if name in _FEW_AROUND]
        within = [(name, self._known(kind, name, data[name])) for name in data if name in few]
        if key not in self._shapes and len(self._shapes) < _REMEMBERED:
            self._shapes[key] = _Shape(kind, around, within, "time" in content, "household" in data)
        if data.get("household", "") is None:
            self._no_household = True

    def _known(self, kind: str, name: str, value: Any) -> set[Any]:
        known = self._values.setdefault((kind, name), set())
        if len(known) < _REMEMBERED:
            known.add(value)
        return known

    def _taken(self, message: Source, shape: _Shape, content: dict[str, Any], data: dict[str, Any]) -> Taken | None:
        """Give the event, or None when something in it was not met before. A small ``z`` or ``t`` is a ValueError."""
        position, recorded, desk, _ = message
        kind, around, within, has_time, has_household = shape
        for name, known in around:
            if content[name] not in known:
                return None
        for name, known in within:
            value = data[name]
            if value not in known or value is True or value is False:
                return None
        source, id, occurred_at, own = content["source"], content["id"], data["occurredAt"], content.get("recordedtime")
        if not _id(id) or len(id) > ID_LENGTH or not _instant(occurred_at):
            return None
        instant = data["occurredAt"] = _parse(occurred_at).astimezone(UTC)
        occurred = to_micros(instant)
        if has_time:
            if not _instant(content["time"]):
                return None
            content["time"] = _parse(content["time"]).astimezone(UTC)
        if own is not None:
            if not _instant(own):
                return None
            imported = to_micros(_parse(own))
            if desk == IMPORT_DESK:
                recorded = imported
        if occurred - recorded > CLOCK_TOLERANCE:
            return None
        order = _ORDER.get(kind)
        if order is None:
            return self._of_school(position, recorded, kind, content)
        pupil, household = data["pupil"], None
        if not _pseudonym(pupil) or (len(pupil) == 9 and _digits(pupil)):
            return None
        if has_household:
            household = data["household"]
            if household is None:
                if not self._no_household:
                    return None
            elif not _pseudonym(household) or (len(household) == 9 and _digits(household)):
                return None
        sector, place, detail = 0, NO_PLACE, 0
        if order == LOST:
            sector, place = _SECTORS[data["sector"]], place_number(data.get("municipality"))
        elif order == RESIDENCE:
            place = place_number(data["municipality"])
        elif order == DEVICE:
            sector, detail = _SECTORS[data["sector"]], _DEVICES[data["device"]]
        elif order == VISIT:
            sector, detail = _SECTORS[data["sector"]], _OUTCOMES[data["outcome"]]
        report = _new(Report, (occurred, order, source, id, sector, place, household, detail, False))
        key, digest = event_key(source, id), digest_of(content)
        return _new(Taken, (position, recorded, PUPIL, pupil, key, digest, report, None, None))

    def _of_school(self, position: int, recorded: int, kind: str, content: dict[str, Any]) -> Taken:
        source, id, data = content["source"], content["id"], content["data"]
        key, digest = event_key(source, id), digest_of(content)
        if kind != "week-reported":
            return Taken(position, recorded, NOTHING, "", key, digest)
        school, sector, claim = data["school"], data["sector"], data["unreached"]
        week = week_monday(data["week"])
        statement = Statement(recorded, source, id, False, _SECTORS[sector], week, claim, 0, 0, None)
        return Taken(position, recorded, SCHOOL, f"{school}|{sector}", key, digest, statement=statement)
