"""A view in memory for the library's runner: what the live view's database does, in dictionaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from eventsourcing.persistence import Tracking
from eventsourcing.popo import POPOTrackingRecorder

from projections.live.storing import LEDGER, Commit, Seen, SetAside


class MemoryStore(POPOTrackingRecorder):
    """Has the methods of `projections.live.store.LiveStore` that the fold calls; nothing outlives the process."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[bytes, Seen] = {}
        self._retractions: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._states: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.cells: defaultdict[str, defaultdict[object, int]] = defaultdict(lambda: defaultdict(int))
        self.set_aside: list[SetAside] = []
        self.recorded_until = 0

    @property
    def position(self) -> int:
        """The position of the last event taken in; 0 at the beginning."""
        return self.max_tracking_id(LEDGER) or 0

    def seen(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """Give what stands under those of the keys that are known."""
        return {key: self._seen[key] for key in keys if key in self._seen}

    def retractions(self, targets: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Give (target, by) of the retractions that name one of the targets."""
        return [(target, by) for target in targets for by in self._retractions.get(target, ())]

    def states(self, table: str, names: Iterable[str]) -> dict[str, bytes]:
        """Give the states of those names of a table that have one."""
        known = self._states[table]
        return {name: known[name] for name in names if name in known}

    def commit(self, commit: Commit) -> None:
        """Take in everything and the position, or nothing."""
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking := Tracking(LEDGER, commit.position))
            self._insert_tracking(tracking)
            self.recorded_until = max(self.recorded_until, commit.recorded_until)
            self._seen |= commit.seen
            for target, by in commit.retractions:
                self._retractions[target].add(by)
            for target, by in commit.withdrawn:
                self._retractions[target].discard(by)
            for table, states in commit.states.items():
                self._states[table] |= states
            self.set_aside.extend(commit.set_aside)
            deltas = commit.deltas
            for name in ("flow", "during", "coverage", "over_4_weeks"):
                cells = self.cells[name]
                for key, number in getattr(deltas, name).items():
                    cells[key] += number
