"""What every story needs: who publishes, from where, how much later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.simulate.assumptions import Closure
from services.simulate.calendar import HOUR, REORGANISATION, to_working_hours
from services.simulate.draws import Draws, Ints
from services.simulate.nation import Nation
from services.simulate.pupils import Pupils
from services.simulate.records import Batch

__all__ = ["JEUGDHULP", "LEERPLICHT", "SCHOOL", "WIJ", "Telling"]

SCHOOL, WIJ, LEERPLICHT, JEUGDHULP = range(4)
"""Who publishes about a pupil, in the order of `vocabulary.VISITORS`."""


@dataclass(frozen=True, eq=False)
class Telling:
    """The country, the closure, where events go and the chance of one chunk."""

    nation: Nation
    closure: Closure
    batch: Batch
    draws: Draws

    def source(self, who: Ints | int, pupils: Pupils, places: Ints) -> Ints:
        """Give who publishes: the pupil's school, or the organisation for where the pupil lives."""
        of_place = self.nation.local_sources(np.asarray(who), places)
        return np.where(np.asarray(who) == SCHOOL, self.nation.school_sources(pupils.school), of_place)

    def place(self, pupils: Pupils, when: Ints) -> Ints:
        """Give the municipality of residence at an instant, under the code that holds then."""
        home = np.where(when >= pupils.moved, pupils.new_home, pupils.home)
        return np.where(when >= REORGANISATION, self.nation.successors[home, pupils.slot], home)

    def later(self, after: Ints, hours: Sequence[float]) -> Ints:
        """Give working times so many hours later, by quantiles."""
        delay = self.draws.spread(len(after), [h * HOUR for h in hours]).astype(np.int64)
        return to_working_hours(after + delay, self.draws)

    def told(self, pupils: Pupils) -> NDArray[np.bool_]:
        """Say whether the pupil's school tells leerplicht: in the second closure, half of the schools do.

        There, leerplicht goes to the door of all of these pupils and of no others; in the first closure it may turn
        up anywhere, and this is nowhere true.
        """
        return np.asarray((pupils.school % 2 == 1) & (self.closure == "second"))

    def leerplicht_knows(self, pupils: Pupils) -> NDArray[np.bool_]:
        """Say whether leerplicht can have anything to do with the pupil."""
        return np.asarray((pupils.school % 2 == 1) | (self.closure == "first"))
