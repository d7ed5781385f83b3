"""The results of a run, written for a terminal, as JSON, or as Markdown with the ratios first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from services.bench.figures import Figure, Ratio, ratios

_MET = {True: "met", False: "NOT MET", None: ""}


@dataclass(frozen=True)
class Results:
    """All that came of a run. `begun` is aware, in UTC."""

    begun: datetime
    command: str
    machine: dict[str, str]
    figures: Sequence[Figure]

    @property
    def ratios(self) -> list[Ratio]:
        """How our rates compare with the baselines of this run."""
        return ratios(self.figures)

    @property
    def missed(self) -> list[Figure]:
        """The figures that do not reach their target."""
        return [figure for figure in self.figures if figure.met is False]

    @property
    def absent(self) -> list[Figure]:
        """What could not be measured."""
        return [figure for figure in self.figures if figure.value is None]

    def status(self, *, check: bool) -> int:
        """Give the exit status of the run: 3 when something could not be measured, 1 when a target is missed."""
        if self.absent:
            return 3
        return 1 if check and self.missed else 0

    def write_json(self, to: TextIO) -> None:
        """Write everything, numbers unrounded."""
        document = {
            "begun": f"{self.begun:%Y-%m-%dT%H:%M:%SZ}",
            "command": self.command,
            "machine": self.machine,
            "ratios": [
                {"ours": ratio.ours.key, "baseline": ratio.baseline.key, "times": ratio.value} for ratio in self.ratios
            ],
            "figures": [
                {
                    "key": figure.key,
                    "label": figure.label,
                    "unit": figure.unit,
                    "value": figure.value,
                    "target": figure.target and {"value": figure.target.value, "atLeast": figure.target.at_least},
                    "met": figure.met,
                    "note": figure.note,
                }
                for figure in self.figures
            ],
        }
        json.dump(document, to, indent=1)
        to.write("\n")

    def write_markdown(self, to: TextIO) -> None:
        """Write a section of a document."""
        processors = self.machine.get("processors", "?")
        lines = [f"Measured {self.begun:%d %B %Y, %H:%M} UTC by `{self.command}` on {processors} processors.", ""]
        if self.ratios:
            lines += ["| our rate | baseline of the same run | ratio |", "|---|---|---:|"]
            lines += [f"| {_rate(r.ours)} | {_rate(r.baseline)} | **{_times(r.value)}** |" for r in self.ratios]
            lines.append("")
        lines += ["| figure | measured | target | | how this time |", "|---|---:|---:|---|---|"]
        lines += [f"| {' | '.join(_cells(figure))} |" for figure in self.figures]
        lines += [
            "",
            "; ".join(f"{name} {value}" for name, value in self.machine.items() if name != "processors") + ".",
        ]
        to.write("\n".join(lines) + "\n")

    def write_table(self, to: TextIO) -> None:
        """Write tables for a terminal."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        console = Console(file=to, width=None if to.isatty() else 180, highlight=False)
        drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
        for name in ("figure", "measured", "target", "", "how this time"):
            drawn.add_column(name, justify="right" if name in ("measured", "target") else "left")
        for figure in self.figures:
            drawn.add_row(*_cells(figure), style="red" if figure.met is False else None)
        console.print(drawn)
        if self.ratios:
            compared = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
            for name in ("our rate", "baseline of the same run", "ratio"):
                compared.add_column(name, justify="right" if name == "ratio" else "left")
            for ratio in self.ratios:
                compared.add_row(_rate(ratio.ours), _rate(ratio.baseline), _times(ratio.value))
            console.print(compared)
        console.print("; ".join(f"{name} {value}" for name, value in self.machine.items()), markup=False)


def _cells(figure: Figure) -> tuple[str, str, str, str, str]:
    target = ""
    if figure.target is not None:
        sign = "≥" if figure.target.at_least else "≤"
        target = f"{sign} {_amount(figure.target.value, figure.unit)}"
    measured = "not measured" if figure.value is None else _amount(figure.value, figure.unit)
    return figure.label, measured, target, _MET[figure.met], figure.note


def _rate(figure: Figure) -> str:
    return f"{figure.label}: {_amount(figure.value or 0, figure.unit)}"


def _amount(value: float, unit: str) -> str:
    # As many digits as a measurement is worth.
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def _times(value: float) -> str:
    return f"{_amount(value, '')}×"
