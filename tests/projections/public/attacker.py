"""Someone who has everything that was ever published, and an integer solver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from projections.public.snapshot import ALL_SECTORS
from projections.register.areas import COUNTRY, province_of, region_of
from tests.projections.public.watching import Instant, Key

PUPILS = 2_500_000
"""There are no more in the country."""
SMALL = (1, 4)
VALUES = (1, 2, 3, 4)
_OPTIMAL = (cp_model.OPTIMAL, cp_model.FEASIBLE)


class Guess(NamedTuple):
    """A value of a cell shown as `<5` at one instant."""

    instant: int
    cell: Key
    value: int


class Attacker:
    """Writes down all relations between the true numbers, and asks which values are possible.

    `change`: what the attacker knows about how much one number can change between two instants; flows are published
    nowhere, so all that is known of them is that nobody moves more pupils than there are. `together`: how many pupils
    can change in the whole country between two instants; None: not known.
    """

    def __init__(self, instants: Sequence[Instant], *, change: int = PUPILS, together: int | None = None) -> None:
        self.model = cp_model.CpModel()
        self.numbers: dict[tuple[int, Key], Any] = {}  # an integer where it was shown
        for at, instant in enumerate(instants):
            for key, (low, high) in instant.cells.items():
                self.numbers[at, key] = low if low == high else self.model.new_int_var(low, high, "")
            self._add_up(at, instant)
            self._weeks(at, instant)
        for at in range(1, len(instants)):
            self._between(at, instants[at - 1], instants[at], change, together)
        self.small = [
            (at, key) for at, instant in enumerate(instants) for key, shown in instant.cells.items() if shown == SMALL
        ]

    def _add_up(self, at: int, instant: Instant) -> None:
        """Every sum that was shown is that of its parts."""
        parts: defaultdict[Key, list[Any]] = defaultdict(list)
        for place, sector, week in instant.cells:
            above = (COUNTRY, province_of(place), region_of(place))
            for area in (place, *(each.code for each in above if each is not None)):
                for named in (sector, ALL_SECTORS):
                    parts[area, named, week].append(self.numbers[at, (place, sector, week)])
        for key, (low, high) in instant.areas.items():
            self._bound(sum(parts[key]), low, high)

    def _bound(self, number: Any, low: int, high: int) -> None:
        """State bounds; of numbers that were shown exactly there is nothing to find out, only to contradict."""
        if not isinstance(number, int):
            self.model.add_linear_constraint(number, low, high)
        elif not low <= number <= high:
            self.model.add_bool_or([])

    def _weeks(self, at: int, instant: Instant) -> None:
        """The balance: this week is the last one, and what came less what went, neither of which is known."""
        weeks = sorted({week for _, _, week in instant.cells})
        following = dict(pairwise(weeks))
        for place, sector, week in instant.cells:
            then = place, sector, following.get(week, "")
            if then in instant.cells:
                difference = self.numbers[at, then] - self.numbers[at, (place, sector, week)]
                self._bound(difference, -PUPILS, PUPILS)

    def _between(self, at: int, before: Instant, now: Instant, change: int, together: int | None) -> None:
        """What came late, was withdrawn or moved changed a number by so much at most."""
        moves: defaultdict[str, list[cp_model.IntVar]] = defaultdict(list)
        for key in before.cells.keys() & now.cells.keys():
            difference = self.numbers[at, key] - self.numbers[at - 1, key]
            self._bound(difference, -change, change)
            if together is not None:
                came, went = (self.model.new_int_var(0, change, "") for _ in range(2))
                self.model.add(difference == came - went)
                for way, flow in (("+", came), ("-", went)):
                    moves[way + key[2]].append(flow)
        for flows in moves.values():
            self.model.add(sum(flows) <= (together or 0))

    def consistent(self) -> bool:
        """Tell whether anything at all agrees with what the attacker believes."""
        return self._solve() is not None

    def ruled_out(self) -> list[Guess]:
        """Give the values that no possible history has. Raises AssertionError when nothing agrees with the beliefs."""
        assert self.consistent(), "what was shown refutes what the attacker believes"
        open_guesses = {Guess(at, key, value) for at, key in self.small for value in VALUES}
        for value in VALUES:  # often all may have the same
            self._note(self._solve(dict.fromkeys(self.small, value)), open_guesses)
        while open_guesses:
            chosen = {guess: self.model.new_bool_var("") for guess in sorted(open_guesses)}
            for guess, literal in chosen.items():
                number = self.numbers[guess.instant, guess.cell]
                self.model.add(number == guess.value).only_enforce_if(literal)
            self.model.maximize(sum(chosen.values()))
            left = len(open_guesses)
            self._note(self._solve(), open_guesses)
            self.model.clear_objective()  # type: ignore[no-untyped-call]
            if len(open_guesses) == left:
                break
        return sorted(open_guesses)

    def _note(self, solver: cp_model.CpSolver | None, open_guesses: set[Guess]) -> None:
        if solver is not None:
            open_guesses -= {Guess(at, key, int(solver.value(self.numbers[at, key]))) for at, key in self.small}

    def _solve(self, assumed: dict[tuple[int, Key], int] | None = None) -> cp_model.CpSolver | None:
        model = self.model
        if assumed is not None:
            model = self.model.clone()
            for key, value in assumed.items():
                model.add(model.get_int_var_from_proto_index(self.numbers[key].index) == value)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        return solver if solver.solve(model) in _OPTIMAL else None
