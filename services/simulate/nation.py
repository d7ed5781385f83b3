"""The simulated country: municipalities with a size, schools in them, and who publishes.

Sizes are not facts. A municipality's weight is 1 / (rank + 5), the largest cities known by name first, the others in an
order that follows from their codes alone; the smallest, known by name, come last at a fifth of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from projections.register import Municipality, municipalities
from projections.tables import SECTORS
from services.simulate.draws import Draws, Ints, scramble

__all__ = ["COORDINATOR", "SCHOOLS", "Nation", "build_nation"]

SCHOOLS: Final = {"po": 6600, "so": 500, "vo": 1500, "mbo": 300}
COORDINATOR: Final = 0
"""The index of the coordinator among the sources."""

_LARGEST: Final = (
    "GM0363", "GM0599", "GM0518", "GM0344", "GM0772", "GM0014", "GM0855", "GM0034", "GM0758", "GM0268",
    "GM0200", "GM0392", "GM0202", "GM0153", "GM0394", "GM0307", "GM0479", "GM0796", "GM0193", "GM0637",
    "GM0546", "GM0080", "GM0935", "GM0505", "GM0228", "GM0484", "GM1783", "GM0114", "GM0503", "GM0983",
)  # fmt: skip
_SMALLEST: Final = ("GM0448", "GM0093", "GM0060", "GM0339", "GM0277", "GM0096", "GM0088")
_SIZES: Final = {  # quantiles of pupils per branch
    "po": (25, 75, 115, 160, 205, 255, 335, 600),
    "so": (50, 105, 150, 190, 230, 295, 380),
    "vo": (70, 215, 360, 485, 630, 790, 1010, 1580),
    "mbo": (100, 450, 900, 1400, 2000, 2700, 4600),
}
_PER_BOARD: Final = 7
_NEIGHBOURS: Final = 5
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER: Final = {"po": "P", "so": "S", "vo": "V", "mbo": "M"}


@dataclass(frozen=True, eq=False)
class Nation:
    """Columns over municipalities (`place`) and schools; indices run from 0 in the order of the register."""

    places: tuple[Municipality, ...]
    regions: tuple[str, ...]
    region: Ints
    rank: Ints
    neighbours: Ints
    """[place, 5]: the nearest municipalities of 2020, nearest first."""
    successors: Ints
    """[place, 4]: the codes that hold from 2021 on (four times its own where nothing ended)."""
    codes: tuple[str, ...]
    sector: Ints
    place: Ints
    pupils: Ints
    board: Ints
    boards: int
    span: dict[int, tuple[int, int]]
    """By sector: the first school and the one after the last; within them, schools lie in the order of `place`."""
    serving: Ints
    """[sector, place]: the nearest municipality that has a school of the sector."""

    def school_sources(self, schools: Ints) -> Ints:
        """Give the source (an index) of each school: its board's."""
        return self.board[schools] + 1

    def local_sources(self, who: Ints, places: Ints) -> Ints:
        """Give the sources of wij (1), leerplicht (2) or jeugdhulp (3) for pupils who live in these places."""
        size = len(self.places)
        local = self.boards + 1 + (who - 1) * size + places
        return np.where(who == 3, self.boards + 1 + 2 * size + self.region[places], local)

    def source_names(self) -> list[str]:
        """Name every source by index.

        The numbers begin with 00000099, which the OIN system (Logius, prefix table) sets aside for tests.
        """
        size = len(self.places)
        names = ["urn:nld:oin:00000099900000000000:systeem:coordinatie"]
        names += [f"urn:nld:oin:000000991{b:08d}000:systeem:leerlingadministratie" for b in range(self.boards)]
        names += [f"urn:nld:oin:000000992{int(p.code[2:]):08d}000:systeem:wijkteam" for p in self.places]
        names += [f"urn:nld:oin:000000993{int(p.code[2:]):08d}000:systeem:leerplicht" for p in self.places]
        names += [f"urn:nld:oin:000000994{r:08d}000:systeem:jeugdhulp" for r in range(len(self.regions))]
        assert len(names) == self.boards + 1 + 2 * size + len(self.regions)  # noqa: S101
        return names

    def schools_at(self, sector: int, places: Ints, u: Ints) -> Ints:
        """Pick a school of the sector serving each place; `u` are large random whole numbers."""
        first, last = self.span[sector]
        here = self.serving[sector][places]
        inside = self.place[first:last]
        left = np.searchsorted(inside, here, side="left")
        right = np.searchsorted(inside, here, side="right")
        return np.asarray(first + left + u % (right - left), dtype=np.int64)


def _allot(total: int, weights: Ints) -> Ints:
    """Divide `total` by largest remainders."""
    all_weight = int(weights.sum())
    shares = weights * total // all_weight
    rest = weights * total % all_weight
    order = np.argsort(-rest, kind="stable")
    shares[order[: total - int(shares.sum())]] += 1
    return shares


def _order(places: tuple[Municipality, ...]) -> Ints:
    """Rank the municipalities: 0 is the largest."""
    codes = [place.code for place in places]
    mixed = scramble(np.array([int(code[2:]) for code in codes], dtype=np.uint64), 1).tolist()
    last = len(codes)

    def key(index: int) -> tuple[int, int]:
        if codes[index] in _LARGEST:
            return 0, _LARGEST.index(codes[index])
        if codes[index] in _SMALLEST:
            return 2, _SMALLEST.index(codes[index])
        return 1, mixed[index]

    rank = np.empty(last, dtype=np.int64)
    rank[sorted(range(last), key=key)] = np.arange(last)
    return rank


def build_nation(seed: int, share: float = 1.0) -> Nation:
    """Build the country with this share of its schools (at least one per sector)."""
    draws = Draws(seed, 1)
    start, later = date(2020, 3, 16), date(2021, 1, 1)
    known = tuple(p for p in municipalities() if p.valid_until is None or p.valid_until >= start)
    places = tuple(p for p in known if p.valid_from <= later)
    index = {place.code: i for i, place in enumerate(places)}
    now = np.array([place.valid_from <= start for place in places])
    rank = _order(places)
    # A code that does not exist yet has no weight and is nobody's neighbour.
    weights = np.where(now, 1_000_000 // (rank + 5), 0)
    weights[rank >= len(places) - len(_SMALLEST)] //= 5
    # Degrees of longitude are about 0.61 of those of latitude here.
    north = np.array([place.latitude for place in places])
    east = np.array([place.longitude for place in places]) * 0.61
    apart = (north[:, None] - north) * (north[:, None] - north) + (east[:, None] - east) * (east[:, None] - east)
    apart[:, ~now] = 1e9
    nearest = np.argsort(apart, axis=1, kind="stable")
    neighbours = np.array([[j for j in row if j != i][:_NEIGHBOURS] for i, row in enumerate(nearest.tolist())])
    successors = np.array(
        [
            [index[c] for c in (p.successors if p.valid_until and p.valid_until < later else (p.code,)) * 4][:4]
            for p in places
        ]
    )
    regions = tuple(sorted({place.safety_region for place in places}))
    sector, place, pupils = [], [], []
    codes: list[str] = []
    span: dict[int, tuple[int, int]] = {}
    serving = np.zeros((len(SECTORS), len(places)), dtype=np.int64)
    for s, name in enumerate(SECTORS):
        total = max(1, int(SCHOOLS[name] * share + 0.5))
        floor = now.astype(np.int64) if name == "po" and total >= 2 * int(now.sum()) else np.zeros_like(weights)
        per_place = _allot(total - int(floor.sum()), weights) + floor
        span[s] = (len(codes), len(codes) + total)
        place.append(np.repeat(np.arange(len(places)), per_place))
        sector.append(np.full(total, s))
        pupils.append(draws.spread(total, _SIZES[name]).astype(np.int64))
        codes += _codes(name, total, draws)
        has = per_place > 0
        serving[s] = np.argmax(has[nearest], axis=1)
        serving[s] = nearest[np.arange(len(places)), serving[s]]
    sectors = np.concatenate(sector)
    board = np.arange(len(codes)) // _PER_BOARD
    return Nation(
        places, regions, np.array([regions.index(p.safety_region) for p in places]), rank, neighbours, successors,
        tuple(codes), sectors, np.concatenate(place), np.concatenate(pupils), board, int(board[-1]) + 1, span, serving,
    )  # fmt: skip


def _codes(sector: str, total: int, draws: Draws) -> list[str]:
    """Make codes that no real school has: a BRIN begins with two digits, these with a letter and a digit."""
    branch_of_previous = draws.chance(total, 0.15).tolist()
    codes: list[str] = []
    number, branch = -1, 0
    for is_branch in branch_of_previous:
        number, branch = (number, branch + 1) if is_branch and number >= 0 else (number + 1, 0)
        high, low = divmod(number, 1296)
        codes.append(f"{_LETTER[sector]}{high}{_DIGITS[low // 36]}{_DIGITS[low % 36]}{branch:02d}")
    return codes
