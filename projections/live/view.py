"""The live view: takes ledger messages in and keeps the tables current, exactly once.

Messages are gathered in a unit of work and written, with the position, in one transaction.
What a pupil, household or school contributed before is taken away and what it contributes now
is added, once for each unit of work however often it was touched in it.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from events import event_key
from projections.fold import household, pupil, reports, school
from projections.fold.cells import Deltas
from projections.live.message import RETRACTION, Malformed, Message, Taken
from projections.live.recorded import week_recorded
from projections.live.schema import HOUSEHOLD_APART, PUPIL_APART
from projections.live.states import DECODE, TABLES, encode
from projections.live.storing import Commit, Seen, SetAside, Store

OTHER_CONTENT: Final = "is known in the ledger with other content; the first recorded stands"


class LiveView:
    """Takes messages in the order of the ledger; ``write`` makes them durable.

    Only one may write to a store at a time: a second one fails with the library's IntegrityError.
    """

    def __init__(self, store: Store) -> None:
        """Continue where the store is."""
        self._store = store
        self.position = store.position
        self.recorded_until = store.recorded_until
        self._begin()

    def _begin(self) -> None:
        self.pending = 0
        self._seen: dict[bytes, Seen] = {}
        self._looked_up: set[bytes] = set()
        self._retracted_by: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._written: set[bytes] = set()
        self._retractions: dict[tuple[bytes, bytes], bool] = {}
        # What each owner's state was when this unit of work began, and what it is now.
        self._before: dict[str, dict[str, bytes]] = {table: {} for table in DECODE}
        self._now: dict[str, dict[str, Any]] = {table: {} for table in DECODE}
        self._touched: dict[str, set[str]] = {table: set() for table in DECODE}
        self._early: dict[str, int] = {}
        self._set_aside: list[SetAside] = []
        self._weeks: dict[int, int] = {}
        self._residents: defaultdict[int, set[str]] = defaultdict(set)
        self._apart: dict[tuple[int, str], int | None] = {}

    def take(self, messages: Sequence[Message]) -> None:
        """Take in messages that follow on the position; those passed already are left out."""
        messages = [message for message in messages if message.position > self.position]
        self._look_up([message for message in messages if type(message) is Taken])
        for message in messages:
            if isinstance(message, Malformed):
                self._set_aside.append(SetAside(*message))
            else:
                self._take_event(message)
        if messages:
            self.position = messages[-1].position
        self.pending += len(messages)

    def pass_to(self, position: int) -> None:
        """Let the next write say that all up to a position of the ledger is in: nothing more of it is for this view."""
        self.pending += position > self.position
        self.position = max(position, self.position)

    def write(self) -> Deltas | None:
        """Write what was taken in since the last write, with the position, as one transaction; give what it added."""
        if not self.pending:
            return None
        deltas = Deltas()
        self._fold_pupils(deltas)
        self._fold_households(deltas)
        self._fold_schools(deltas)
        touched = self._touched.items()
        self._store.commit(
            Commit(
                self.position,
                min((seen.recorded for seen in self._seen.values()), default=self.recorded_until),
                self.recorded_until,
                {key: self._seen[key] for key in self._written},
                [pair for pair, stands in self._retractions.items() if stands],
                [pair for pair, stands in self._retractions.items() if not stands],
                {table: {name: encode(self._now[table][name]) for name in names} for table, names in touched},
                deltas,
                self._early,
                self._set_aside,
                self._weeks,
                self._residents,
                self._apart,
            )
        )
        self._begin()
        return deltas

    # Looking up

    def _look_up(self, taken: list[Taken]) -> None:
        """Read once, for the whole batch, what its events may touch."""
        keys = {message.key for message in taken}
        keys |= {bytes.fromhex(message.owner) for message in taken if message.kind == RETRACTION}
        keys -= self._looked_up
        self._looked_up |= keys
        known = self._store.seen(keys)
        self._seen |= known
        self._look_up_retractions(keys)
        owners: defaultdict[int, set[str]] = defaultdict(set)
        for message in taken:
            owners[message.kind].add(message.owner)
        for seen in known.values():
            owners[seen.kind].add(seen.owner)
            if seen.kind == RETRACTION:
                # This retraction may fall: what it names, and what else names that, is needed too.
                target = bytes.fromhex(seen.owner)
                if target not in self._looked_up:
                    self._looked_up.add(target)
                    self._seen |= self._store.seen([target])
                    self._look_up_retractions([target])
                if (named := self._seen.get(target)) is not None:
                    owners[named.kind].add(named.owner)
        for kind, table in TABLES.items():
            self._load(table, owners[kind])

    def _look_up_retractions(self, targets: Iterable[bytes]) -> None:
        for pair in self._store.retractions(targets):
            if pair not in self._retractions:
                self._retracted_by[pair[0]].add(pair[1])

    def _load(self, table: str, names: Iterable[str]) -> None:
        now = self._now[table]
        missing = [name for name in names if name not in now]
        found = self._store.states(table, missing)
        self._before[table] |= found
        decode = DECODE[table]
        empty = dict if table == "household" else list
        for name in missing:
            now[name] = decode(found[name]) if name in found else empty()

    # Taking in

    def _take_event(self, message: Taken) -> None:
        if message.recorded > self.recorded_until:
            self.recorded_until = message.recorded
        self._weeks[week_recorded(message.recorded)] = message.position
        known = self._seen.get(message.key)
        if known is not None:
            same = known.content == message.content
            if message.recorded >= known.recorded:
                if not same:
                    self._set_aside.append(SetAside(message.position, message.recorded, "id", OTHER_CONTENT))
                return
            # The first *recorded* stands, in whatever order they arrive.
            if not same:
                self._set_aside.append(SetAside(known.position, known.recorded, "id", OTHER_CONTENT))
            self._remove(message.key, known)
        self._add(message)

    def _add(self, message: Taken) -> None:
        position, recorded, kind, owner, key, content, report, statement, announcement = message
        self._seen[key] = Seen(kind, owner, recorded, position, content)
        self._written.add(key)
        entry = report or statement or announcement
        if entry is not None:
            if self._retracted_by.get(key):
                entry = entry._replace(retracted=True)
            table = TABLES[kind]
            state = self._now[table][owner]
            self._touched[table].add(owner)
            if report is None:
                state.append(entry)
                return
            if (place := reports.names_first(report, state)) is not None:
                self._residents[place].add(owner)
            insort(state, entry) if state else state.append(entry)
            if report.occurred >= recorded:
                self._early[owner] = max(self._early.get(owner, 0), report.occurred)
        elif kind == RETRACTION:
            self._retract(bytes.fromhex(owner), key, stands=True)

    def _remove(self, key: bytes, known: Seen) -> None:
        """Undo the event that stood under a key."""
        if known.kind == RETRACTION:
            self._retract(bytes.fromhex(known.owner), key, stands=False)
        elif known.kind in TABLES:
            table = TABLES[known.kind]
            state = self._now[table][known.owner]
            state[:] = [entry for entry in state if event_key(entry.source, entry.id) != key]
            self._touched[table].add(known.owner)

    def _retract(self, target: bytes, by: bytes, *, stands: bool) -> None:
        """Let a retraction stand or fall, and mark its target, if that is known and no retraction itself."""
        self._retractions[target, by] = stands
        rivals = self._retracted_by[target]
        (rivals.add if stands else rivals.discard)(by)
        seen = self._seen.get(target)
        if seen is not None and seen.kind in TABLES:
            table = TABLES[seen.kind]
            state = self._now[table][seen.owner]
            for index, entry in enumerate(state):
                if event_key(entry.source, entry.id) == target:
                    state[index] = entry._replace(retracted=bool(rivals))
            self._touched[table].add(seen.owner)

    # Folding

    def _fold_pupils(self, deltas: Deltas) -> None:
        changed: dict[str, dict[str, household.Member]] = {}
        apart_until = household.pupil_apart_until
        before, now, decode = self._before["pupil"], self._now["pupil"], DECODE["pupil"]
        for name in self._touched["pupil"]:
            was = pupil.contribute(decode(before[name]), deltas, -1) if name in before else []
            is_now = pupil.contribute(now[name], deltas, 1)
            if (len(was) > 1 or len(is_now) > 1) and (until := apart_until(is_now)) != apart_until(was):
                self._apart[PUPIL_APART, name] = until
            old, new = household.members_of(was), household.members_of(is_now)
            if old != new:
                for shared in old.keys() | new.keys():
                    if old.get(shared) != new.get(shared):
                        changed.setdefault(shared, {})[name] = new.get(shared, [])
        self._load("household", changed)
        for shared, members in changed.items():
            state = self._now["household"][shared]
            state |= members
            for name in [name for name, member in state.items() if not member]:
                del state[name]
        self._touched["household"].update(changed)

    def _fold_households(self, deltas: Deltas) -> None:
        before, now, decode = self._before["household"], self._now["household"], DECODE["household"]
        for name in self._touched["household"]:
            was = household.contribute(decode(before[name]).values(), deltas, -1) if name in before else None
            until = household.contribute(now[name].values(), deltas, 1)
            if until != was:
                self._apart[HOUSEHOLD_APART, name] = until

    def _fold_schools(self, deltas: Deltas) -> None:
        before, now, decode = self._before["school"], self._now["school"], DECODE["school"]
        for name in self._touched["school"]:
            if name in before:
                school.contribute(decode(before[name]), deltas, -1)
            school.contribute(now[name], deltas, 1)
