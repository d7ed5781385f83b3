"""What becomes of the reports of several calls that are stored together, each call by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from events import ContactRestoredEvent, DoorVisitEvent
from services.desks.answers import TOGETHER_RULE, Answer, Fate
from services.desks.rules import CONFLICT_RULE, Refusal, Report, judge, restoration_of

__all__ = ["Call", "Decision", "decide"]

_CONTACT: Final = "contact"
_DOOR_VISIT: Final = "door-visit"


@dataclass(slots=True)
class Implied:
    """A visit that met the pupil, by its place in the call, and the restoration that it implies."""

    place: int
    report: Report
    visit: DoorVisitEvent
    restoration: Report


@dataclass(slots=True)
class Call:
    """The reports of one call, held against the rules. `together`: all of them are to be taken in, or none."""

    judged: list[Report | Refusal]
    together: bool
    implied: list[Implied]
    resolves: UUID | None = None
    """The refusal that is made good when all of the call stands."""

    @classmethod
    def of(
        cls,
        raws: Sequence[bytes],
        desk: str,
        now: int,
        sources: frozenset[str] | None,
        *,
        together: bool = False,
        resolves: UUID | None = None,
    ) -> Call:
        """Hold the reports of a call against the rules, at `now` (micros), for a sender who may speak for `sources`."""
        judged = [judge(raw, desk, now, sources) for raw in raws]
        implied: list[Implied] = []
        for place, each in enumerate(judged):
            if isinstance(each, Report) and isinstance(visit := each.event, DoorVisitEvent):
                if visit.data.outcome != _CONTACT:
                    continue
                restoration = judge(restoration_of(visit), desk, now, sources)
                assert isinstance(restoration, Report)  # noqa: S101 - made by ourselves of a report without fault
                implied.append(Implied(place, each, visit, restoration))
        return cls(judged, together, implied, resolves)

    def ids(self) -> list[UUID]:
        """Give the ids of all reports that this call may bring."""
        return [each.id for each in self.judged if isinstance(each, Report)] + [
            each.restoration.id for each in self.implied
        ]


@dataclass(slots=True)
class Decision:
    """What is to be stored, and what each caller is answered once it is."""

    answers: list[list[Answer]] = field(default_factory=list)
    accepted: dict[UUID, Report] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    resolved: list[UUID] = field(default_factory=list)


def decide(calls: Sequence[Call], known: Mapping[UUID, bytes]) -> Decision:
    """Decide calls in their order. `known`: the digest of the content of each report that is in the store already."""
    decision = Decision()
    for call in calls:
        _Deciding(decision, known).take(call)
    return decision


class _Deciding:
    """Decides one call: what it brings is staged first, and stands only when the whole call allows it."""

    def __init__(self, decision: Decision, known: Mapping[UUID, bytes]) -> None:
        self._decision = decision
        self._known = known
        self._staged: dict[UUID, Report] = {}

    def take(self, call: Call) -> None:
        judged = call.judged
        fates = [each.fate if isinstance(each, Refusal) else self._fate(each) for each in judged]
        for implied in call.implied:
            if (
                fates[implied.place] is Fate.ACCEPTED
                and not _has_partner(implied.visit, judged, fates)
                and self._fate(implied.restoration) is Fate.CONFLICT
            ):
                # Both or neither: the id of its restoration is taken by something else.
                del self._staged[implied.report.id]
                for place, each in enumerate(judged):
                    if isinstance(each, Report) and each.id == implied.report.id:
                        fates[place] = Fate.CONFLICT
        refusals: dict[int, Refusal] = {}
        for place, each in enumerate(judged):
            if isinstance(each, Refusal):
                refusals[place] = each
            elif fates[place] is Fate.CONFLICT:
                refusals[place] = _conflict(each)
        stands = not refusals
        dropped = self._staged if call.together and not stands else {}
        answers = [_answer(each, fates[place], refusals.get(place), dropped) for place, each in enumerate(judged)]
        decision = self._decision
        decision.answers.append(answers)
        if stands or not call.together:
            decision.accepted.update(self._staged)
            decision.refused += [each for each in refusals.values() if each.keep and call.resolves is None]
        if stands and call.resolves is not None:
            decision.resolved.append(call.resolves)

    def _fate(self, report: Report) -> Fate:
        """Tell whether a report is new, and stage it then."""
        id = report.id
        if id in self._staged:
            before = self._staged[id].digest
        elif id in self._decision.accepted:
            before = self._decision.accepted[id].digest
        else:
            before = self._known.get(id, b"")
            if not before:
                self._staged[id] = report
                return Fate.ACCEPTED
        return Fate.KNOWN if before == report.digest else Fate.CONFLICT


def _has_partner(visit: DoorVisitEvent, judged: Sequence[Report | Refusal], fates: Sequence[Fate]) -> bool:
    """Tell whether the sender gave the restoration of a visit along with it."""
    for each, fate in zip(judged, fates, strict=True):
        if not isinstance(each, Report) or not isinstance(other := each.event, ContactRestoredEvent):
            continue
        if (
            fate.stands
            and other.data.via == _DOOR_VISIT
            and other.data.pupil == visit.data.pupil
            and other.data.occurred_at == visit.data.occurred_at
            and other.source == visit.source
        ):
            return True
    return False


def _conflict(report: Report) -> Refusal:
    return Refusal(Fate.CONFLICT, report.event.source, report.event.id, "id", CONFLICT_RULE, report.raw)


def _answer(judged: Report | Refusal, fate: Fate, refusal: Refusal | None, dropped: Collection[UUID]) -> Answer:
    if refusal is not None:
        return Answer(fate, refusal.source, refusal.id, refusal.field, refusal.rule)
    assert isinstance(judged, Report)  # noqa: S101 - what is no report is refused
    if judged.id in dropped:
        return Answer(Fate.REJECTED, judged.event.source, judged.event.id, None, TOGETHER_RULE)
    return Answer(fate, judged.event.source, judged.event.id)
