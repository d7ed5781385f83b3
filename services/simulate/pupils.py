"""Who was lost and restored when: households and pupils of one cohort, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from events.times import DAY
from projections.tables import SECTORS
from services.simulate.assumptions import Cohort
from services.simulate.calendar import HOUR, MINUTE, NEVER, to_working_hours
from services.simulate.draws import Draws, Ints, Words, scramble
from services.simulate.nation import Nation
from services.simulate.records import numbers_from

__all__ = ["Pupils", "draw_pupils", "households_of", "neighbours_of"]

# A vo or mbo school often does not know in which municipality a pupil lives; pupils cross more borders there, too.
ELSEWHERE: Final = {"po": 0.05, "so": 0.35, "vo": 0.3, "mbo": 0.45}
PLACE_KNOWN: Final = {"po": 1.0, "so": 1.0, "vo": 0.4, "mbo": 0.2}
HOUSEHOLD_KNOWN: Final = {"po": 0.85, "so": 0.6, "vo": 0.4, "mbo": 0.0}
SIBLING_IN_VO: Final = 0.12
MOVES: Final = 0.015
"""Households that move while they are not reached."""
SAME_MOMENT: Final = 0.85
"""Brothers and sisters of whom everyone is reached in the same moment."""


@dataclass(frozen=True, eq=False)
class Pupils:
    """Columns over pupils, one unreached interval each; instants in micros."""

    number: Words
    household: Words
    household_known: NDArray[np.bool_]
    school: Ints
    sector: Ints
    home: Ints
    slot: Ints
    """0 to 3: which successor the home belongs to, where its municipality is split."""
    place_known: NDArray[np.bool_]
    lost: Ints
    end: Ints
    """When contact was restored; NEVER if it was not."""
    moved: Ints
    """When the pupil moved to `new_home`, inside the interval; NEVER for nearly all."""
    new_home: Ints

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, chosen: Ints | NDArray[np.bool_]) -> Pupils:
        return Pupils(
            self.number[chosen], self.household[chosen], self.household_known[chosen], self.school[chosen],
            self.sector[chosen], self.home[chosen], self.slot[chosen], self.place_known[chosen], self.lost[chosen],
            self.end[chosen], self.moved[chosen], self.new_home[chosen],
        )  # fmt: skip


def households_of(cohort: Cohort, scale: float) -> int:
    """Give the number of households that makes about `cohort.pupils` times `scale` pupils."""
    weight = sum(cohort.family)
    members = sum(size * share for size, share in enumerate(cohort.family, start=1))
    return int(cohort.pupils * scale * weight / members + 0.5)


def neighbours_of(nation: Nation, places: Ints, draws: Draws) -> Ints:
    """Give for each place one of its nearest municipalities."""
    return nation.neighbours[places, draws.below(len(places), nation.neighbours.shape[1])]


def _by_sector(shares: dict[str, float], sectors: Ints) -> NDArray[np.float64]:
    return np.array([shares[name] for name in SECTORS])[sectors]


def _anchor_schools(nation: Nation, cohort: Cohort, n: int, draws: Draws) -> Ints:
    """Pick a school per household: larger schools and those in cities more often."""
    first, last = nation.span[SECTORS.index(cohort.sector)]
    place = nation.place[first:last]
    rank = nation.rank[place]
    weights = nation.pupils[first:last] * np.where(rank < 4, 3, np.where(rank < 30, 2, 1))
    if cohort.reorganised:
        ends = nation.successors[place, 0] != place
        weights = np.where(ends, weights, 0) if ends.any() else weights
    return first + draws.pick(n, weights)


def draw_pupils(nation: Nation, cohort: Cohort, households: int, chunk: int, draws: Draws) -> Pupils:
    """Draw so many households of a cohort with their pupils; equal arguments give equal pupils."""
    size = 1 + draws.pick(households, cohort.family)
    anchor = _anchor_schools(nation, cohort, households, draws)
    lost = cohort.lost.draw(households, draws)
    end = cohort.restored.draw(households, draws) if cohort.restored else np.full(households, NEVER)
    of = np.repeat(np.arange(households), size)
    n = len(of)
    rank = np.arange(n) - np.repeat(np.cumsum(size) - size, size)
    family = np.full(households, ELSEWHERE[cohort.sector])
    near = neighbours_of(nation, nation.place[anchor], draws)
    elsewhere = draws.chance(households, family) & (not cohort.reorganised)
    home = np.where(elsewhere, near, nation.place[anchor])[of]

    school = anchor[of]
    in_vo = (rank > 0) & draws.chance(n, SIBLING_IN_VO) & (cohort.sector == "po")
    school[in_vo] = nation.schools_at(SECTORS.index("vo"), home[in_vo], draws.below(n, 2**40)[in_vo])
    sector = nation.sector[school]

    member_lost = lost[of] + rank * draws.below(n, 40) * MINUTE
    own_end = cohort.restored.draw(n, draws) if cohort.restored else end[of]
    member_end = np.where((rank == 0) | draws.chance(n, SAME_MOMENT), end[of], own_end)
    # Nobody is restored before being lost: who would be, is reached within days.
    soon = member_lost + draws.spread(n, (3.0 * HOUR, 24.0 * HOUR, 72.0 * HOUR)).astype(np.int64)
    member_end = np.where(member_end < member_lost + 2 * HOUR, to_working_hours(soon, draws), member_end)
    member_end -= member_end % MINUTE
    house = numbers_from(chunk, 0, households)[of]
    moves = draws.chance(households, MOVES)[of]
    length = np.minimum(member_end, member_lost + 60 * DAY) - member_lost
    half_way = to_working_hours(member_lost + length // 2, draws)
    moves &= (length > 4 * DAY) & (half_way < member_end)
    return Pupils(
        number=numbers_from(chunk, 0, n),
        household=house,
        household_known=draws.chance(n, _by_sector(HOUSEHOLD_KNOWN, sector)),
        school=school,
        sector=sector,
        home=home,
        slot=(scramble(house, 2) % np.uint64(4)).astype(np.int64),
        place_known=draws.chance(n, _by_sector(PLACE_KNOWN, sector)),
        lost=member_lost,
        end=member_end,
        moved=np.where(moves, half_way - half_way % MINUTE, NEVER),
        new_home=neighbours_of(nation, home[np.cumsum(size) - size], draws)[of],
    )
