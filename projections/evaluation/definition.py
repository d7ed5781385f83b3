"""The definition of the count with its parameters by name: the official one, and variants that ask "what if"."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from events import Rejected
from events.times import AMSTERDAM, from_micros, to_micros
from events.times import day_start as amsterdam_start
from events.times import local_day as amsterdam_day

__all__ = ["CHOICES", "OFFICIAL", "Definition", "Zone", "definition_of", "read_definition"]

OFFICIAL_NAME: Final = "official"
RESTORING: Final = ("contact-restored", "door-visit", "device-lent", "residence-established")
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "restores": RESTORING,
    "closed_from": ("first-day", "announcement"),
    "residence": ("stated", "known-then", "at-the-end"),
    "partial": ("true", "false"),
}
"""What each parameter may be; `restores` is a list of these, `time_zone` the name of any zone."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_MOST_OFFSET: Final = timedelta(hours=11)


@dataclass(frozen=True)
class Definition:
    """How pupils are counted. Raises Rejected for a parameter that is none, naming it and the rule."""

    name: str
    restores: tuple[str, ...] = ("contact-restored",)
    """Which kinds of reports restore contact; of door visits those that met with contact."""
    closed_from: str = "first-day"
    """`first-day`: a closure counts from its first day on; `announcement`: already from the day on which it was first
    announced, where that is earlier."""
    time_zone: str = "Europe/Amsterdam"
    """The zone of days and weeks."""
    residence: str = "stated"
    """Where a pupil lives: `stated`, by the last statement that happened by then, the first one also before it;
    `known-then`, the same but only from when a statement was recorded, and unknown before; `at-the-end`, always by the
    last statement of all."""
    partial: bool = True
    """Whether the regime `partial` counts as closed."""

    def __post_init__(self) -> None:
        """Hold each parameter against its rule."""
        if _NAME.fullmatch(self.name) is None:
            raise Rejected("name", "must be 1 to 60 letters, digits, spaces, dots, hyphens or underscores")
        if not self.restores or not set(self.restores) <= set(RESTORING):
            raise Rejected("restores", f"must be a list of {', '.join(RESTORING)}")
        for of in ("closed_from", "residence"):
            if getattr(self, of) not in CHOICES[of]:
                raise Rejected(of, f"must be one of {', '.join(CHOICES[of])}")
        if not isinstance(self.partial, bool):
            raise Rejected("partial", "must be true or false")
        object.__setattr__(self, "restores", tuple(sorted(set(self.restores))))
        Zone(self.time_zone)
        if self.official and self.name != OFFICIAL_NAME:
            raise Rejected("parameters", "none differs from the official definition")
        if self.name == OFFICIAL_NAME and not self.official:
            raise Rejected("name", f"`{OFFICIAL_NAME}` is the name of the official definition alone")

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}

    @property
    def official(self) -> bool:
        """Whether every parameter is the official one."""
        return self.parameters == {of.name: of.default for of in fields(self) if of.name != "name"}

    @property
    def checksum(self) -> str:
        """What it says, whatever its name: SHA-256 of the parameters as JSON, sorted by name, without spaces."""
        text = json.dumps(self.parameters, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def mark(self) -> str:
        """What stands beside each number: `official`, or a variant with its name and the beginning of its checksum."""
        return OFFICIAL_NAME if self.official else f"variant {self.name} {self.checksum[:12]}"

    def toml(self) -> str:
        """Write it as a file that `read_definition` reads."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in self.parameters.items()}
        lines = [f"{name} = {json.dumps(value)}" for name, value in {"name": self.name, **values}.items()]
        return "\n".join([*lines, f'checksum = "{self.checksum}"', ""])


def definition_of(given: dict[str, Any]) -> Definition:
    """Make a definition of parameters by name; those that are not given are official. Raises Rejected."""
    known = {of.name for of in fields(Definition)}
    given = dict(given)
    checksum = given.pop("checksum", None)
    if unknown := sorted(set(given) - known):
        raise Rejected(unknown[0], f"is no parameter; there are {', '.join(sorted(known - {'name'}))}")
    for name, value in given.items():
        if name == "restores":
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise Rejected(name, "must be a list of texts")
        elif name != "partial" and not isinstance(value, str):
            raise Rejected(name, "must be a text")
    if "restores" in given:
        given["restores"] = tuple(given["restores"])
    found = Definition(**({"name": ""} | given))
    if checksum not in (None, found.checksum):
        raise Rejected("checksum", "is not that of these parameters: the file was changed after it was saved")
    return found


def read_definition(text: str) -> Definition:
    """Read a definition from TOML. Raises Rejected."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise Rejected("variant", "must be TOML") from None
    return definition_of(given)


class Zone:
    """Days of a time zone, as `events.times` gives those of Amsterdam. Raises Rejected for a name that is none."""

    def __init__(self, name: str) -> None:
        """Find the zone; its midnights must lie between two noons of UTC, as the query takes days apart there."""
        self._amsterdam = name == AMSTERDAM.key
        try:
            self._zone = ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise Rejected("time_zone", "must be the name of a time zone, such as Europe/Amsterdam") from None
        months = [datetime(year, month, 1, tzinfo=self._zone) for year in range(2000, 2041) for month in (1, 7)]
        if any(abs(at.utcoffset() or timedelta()) > _MOST_OFFSET for at in months):
            raise Rejected("time_zone", "must be at most 11 hours from UTC")

    def local_day(self, micros: int) -> int:
        """Give the day on which an instant lies."""
        return amsterdam_day(micros) if self._amsterdam else from_micros(micros).astimezone(self._zone).toordinal()

    def day_start(self, ordinal: int) -> int:
        """Give the instant at which a day begins."""
        return amsterdam_start(ordinal) if self._amsterdam else _start(self._zone, ordinal)


@lru_cache(maxsize=4096)
def _start(zone: ZoneInfo, ordinal: int) -> int:
    day = date.fromordinal(ordinal)
    return to_micros(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))


OFFICIAL: Final = Definition(OFFICIAL_NAME)
"""The definition of the count, which alone is live and public."""
