"""What a desk says of a report: its answer at once, and later what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["TOGETHER_RULE", "Answer", "DeskUnavailable", "Fate", "StoredRejection", "StoredReport"]

TOGETHER_RULE: Final = "was not taken in: another report given together with it was refused"
"""The rule in the answer to a report that has no fault itself, where all or none were to be taken in."""


class Fate(StrEnum):
    """What became of a report."""

    ACCEPTED = "accepted"
    """Stored durably; it will reach the ledger."""
    KNOWN = "known"
    """A copy of a report accepted before: nothing more was to be done."""
    CONFLICT = "conflict"
    """Another content was accepted before under the same source and id."""
    REJECTED = "rejected"
    """It breaks a rule of the contract: `field` and `rule` say which."""
    FORBIDDEN = "forbidden"
    """Not this sender's to report, or not this desk's."""

    @property
    def stands(self) -> bool:
        """Whether the report is in the desk's store."""
        return self is Fate.ACCEPTED or self is Fate.KNOWN


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one report. `source` and `id` as far as they could be read; `field` and `rule` when refused."""

    fate: Fate
    source: str | None
    id: str | None
    field: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as its sender may read it back. `received`: microseconds since 1970-01-01T00:00Z, by the desk's clock.

    `position`: the desk's own number of it, rising. `relayed`: whether the ledger has it; `sequence`: its place there,
    None when not known (any more). `raw`: what the sender sent. A rejected one has `field` and `rule`.
    """

    position: int
    source: str | None
    id: str | None
    kind: str | None
    fate: Fate
    received: int
    relayed: bool
    sequence: int | None
    raw: bytes
    field: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRejection:
    """What a desk refused and kept whole. `resolved`: it, or its correction, was accepted later."""

    position: int
    source: str | None
    id: str | None
    fate: Fate
    field: str
    rule: str
    received: int
    resolved: bool
    raw: bytes


class DeskUnavailable(Exception):  # noqa: N818 - named for what is the matter
    """The desk cannot take anything in now; nothing of the call was accepted.

    `reason`: one line for a person, such as that the disk is full. `busy`: it is only a matter of seconds.
    `unsure`: the store went away at the very moment of storing and did not come back soon, so the call may have been
    accepted, all of it; given again, what is stored is known.
    """

    def __init__(self, reason: str, *, busy: bool = False, unsure: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.busy = busy
        self.unsure = unsure
