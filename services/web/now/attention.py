"""What needs attention in an area now: each with the reason, and where to look.

The thresholds are ours, not the definition's: they choose what stands on a list, never what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from projections.tables import UNKNOWN
from services.web.freshness import Freshness
from services.web.now.figures import Place
from services.web.rows import name_of
from services.web.texts import Language, translator
from services.web.wording import moment, number

__all__ = ["RISING", "SHOWN", "Group", "Item", "attention"]

SHOWN: Final = 5
"""Municipalities named of a kind; of more, the number is told, with a link to all."""
RISING: Final = 5
"""From how many pupils more than last week on a municipality is called rising."""
SILENT: Final = 2
"""From how many schools without an answer on a municipality is named."""
LONGEST_BEHIND: Final = 30.0
"""Seconds behind the ledger after which the figures are not those of now."""


class Item(NamedTuple):
    """One line: what, why, and a link to it."""

    href: str
    name: str
    reason: str


class Group(NamedTuple):
    """The lines of one kind; `more` says how many there are beside them, `href` is where they all are."""

    kind: str
    title: str
    items: tuple[Item, ...]
    more: str
    href: str


def attention(
    places: Sequence[Place], fresh: Freshness | None, within: Callable[[str], str], language: Language
) -> list[Group]:
    """List what needs attention among `places`; `within` gives the address of the table, sorted by a column."""
    t = translator(language)
    groups = []
    if (late := _late(fresh, language)) is not None:
        groups.append(Group("behind", t("attention_behind"), (late,), "", "/health"))
    if (differs := _differs(fresh, language)) is not None:
        groups.append(Group("audit", t("attention_audit"), (differs,), "", "/health"))

    def group(kind: str, chosen: list[Place], size: Callable[[Place], int], reason: Callable[[Place], str]) -> None:
        chosen.sort(key=lambda place: (-size(place), place.code))
        if not chosen:
            return
        items = tuple(
            Item(f"/gemeenten/{place.code}", name_of(place.code, language), reason(place)) for place in chosen[:SHOWN]
        )
        rest = len(chosen) - len(items)
        more = t("attention_more", count=rest, n=number(rest, language)) if rest else ""
        groups.append(Group(kind, t(f"attention_{kind}"), items, more, within(_SORTS[kind])))

    known = [place for place in places if place.code != UNKNOWN]
    group("rising", [p for p in known if (p.change or 0) >= RISING], lambda p: p.change or 0, _rising(language))
    group("over", [p for p in known if p.over_4_weeks], lambda p: p.over_4_weeks, _over(language))
    group("silent", [p for p in known if _silent(p) >= SILENT], _silent, _no_answer(language))
    for place in places:
        if place.code == UNKNOWN and place.unreached:
            reason = t("attention_unknown_reason", count=place.unreached, n=number(place.unreached, language))
            item = Item(f"/gemeenten/{UNKNOWN}", name_of(UNKNOWN, language), reason)
            groups.append(Group("unknown", t("attention_unknown"), (item,), "", within("now")))
    return groups


_SORTS: Final = {"rising": "change", "over": "over", "silent": "now"}


def _silent(place: Place) -> int:
    return place.expected - place.reported


def _rising(language: Language) -> Callable[[Place], str]:
    def reason(place: Place) -> str:
        change, now = number(place.change or 0, language), number(place.unreached, language)
        return translator(language)("attention_rising_reason", n=change, now=now)

    return reason


def _over(language: Language) -> Callable[[Place], str]:
    def reason(place: Place) -> str:
        over, now = number(place.over_4_weeks, language), number(place.unreached, language)
        return translator(language)("attention_over_reason", n=over, now=now)

    return reason


def _no_answer(language: Language) -> Callable[[Place], str]:
    def reason(place: Place) -> str:
        silent, expected = number(_silent(place), language), number(place.expected, language)
        return translator(language)("attention_silent_reason", n=silent, m=expected)

    return reason


def _differs(fresh: Freshness | None, language: Language) -> Item | None:
    """Say that the last audit found something, to who sees every figure."""
    audit = None if fresh is None or fresh.audit is None else fresh.audit.whole
    if audit is None or audit.equal:
        return None
    t, n, m = translator(language), number(audit.differences, language), number(audit.cells, language)
    reason = t("attention_audit_reason", n=n, m=m, at=moment(audit.as_of, language, seconds=False))
    return Item("/uitleg#sure", t("attention_audit_name"), reason)


def _late(fresh: Freshness | None, language: Language) -> Item | None:
    t = translator(language)
    if fresh is None:
        return None
    if fresh.problem:
        return Item("/health", t("attention_view"), t("attention_unreadable"))
    if fresh.ledger_position is None:
        return Item("/health", t("attention_view"), t("attention_away"))
    if fresh.seconds_behind > LONGEST_BEHIND:
        seconds = number(int(fresh.seconds_behind), language)
        return Item("/health", t("attention_view"), t("attention_late", n=seconds))
    return None
