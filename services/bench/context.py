"""What the measurements of one run share: how much is asked for, where to work, the events, a filled ledger."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from services.bench.data import Data
from services.bench.processes import Run, run
from services.bench.systems import bare_ledger, newest_sequence
from services.system import DataDir, find_system

JUDGED_FROM: Final = 100_000
"""Fewer events are a trial, not held against the targets: starting a process is then most of what is measured."""


@dataclass(frozen=True)
class Asked:
    """How much is measured. `large`: 10 million events where a target is about so many."""

    events: int
    quick: bool = False
    large: bool = False


@dataclass(frozen=True)
class Filled:
    """A ledger that runs and holds events, and what it took to import them."""

    data_dir: DataDir
    events: int
    run: Run


class Bench:
    """One run of the benchmark in a directory of its own; leaving the block ends all that was started."""

    def __init__(self, asked: Asked, directory: Path, data: Data, say: Callable[[str], None] | None = None) -> None:
        """`directory` exists; what is made in it is left to the caller to remove. `say`: told what is going on."""
        self.asked, self.directory, self.data = asked, directory, data
        self.say = say or (lambda words: print(words, file=sys.stderr, flush=True))
        self._stack = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def place(self, name: str) -> Path:
        """Make an empty directory."""
        return Path(mkdtemp(prefix=f"{name}-", dir=self.directory))

    @property
    def judged(self) -> bool:
        """Whether there are events enough to hold figures against their targets."""
        return self.asked.events >= JUDGED_FROM

    @cached_property
    def filled(self) -> Filled:
        """A bare ledger with all the events asked for, imported by the real command; it runs until the end."""
        file = self.data.events(self.asked.events)
        data_dir = self._stack.enter_context(bare_ledger(self.place("ledger")))
        self.say(f"importing {self.asked.events:,} events into a ledger")
        took = run(["import", "--strict", file], data_dir.path)
        return Filled(data_dir, newest_sequence(find_system(data_dir)), took)
