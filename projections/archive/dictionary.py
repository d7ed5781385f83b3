"""What each column means that a query on an archive can give: the data dictionary that goes with what is exported."""

from __future__ import annotations

from typing import Final

__all__ = ["MEANINGS", "OTHER", "meaning_of"]

OTHER: Final = "an expression of the query"
_TIME: Final = "(microseconds, UTC)"

MEANINGS: Final[dict[str, str]] = {
    # The keys of both tables.
    "municipality": "where the pupils live (CBS code), or unknown; of a school, where it stands",
    "sector": "po, so, vo or mbo; in reports 0, 1, 2 or 3",
    "week": "ISO week of Europe/Amsterdam, 2020-W14",
    # counts
    "unreached": "pupils not reached at the end of the week's last closed day; of week-reported, the claim",
    "unreached_during": "distinct pupils not reached for some part of a closed day of the week",
    "newly_lost": "unreached intervals that began in the week, while closed",
    "restored": "unreached intervals that ended in the week, while closed",
    "moved_in": "changes of residence to the municipality, while not reached",
    "moved_out": "changes of residence from the municipality, while not reached",
    "unreached_over_4_weeks": "those in unreached for 28 days or more",
    "households": "distinct households among unreached",
    "devices_lent_laptop": "laptops lent in the week, while closed",
    "devices_lent_tablet": "tablets lent in the week, while closed",
    "devices_lent_internet": "internet connections lent in the week, while closed",
    "door_visits_contact": "visits in the week, while closed, with contact",
    "door_visits_no_answer": "visits in the week, while closed, without an answer",
    "door_visits_moved_away": "visits in the week, while closed, to pupils who had moved away",
    "door_visits_refused": "visits in the week, while closed, that were refused",
    # coverage
    "schools_expected": "registered schools whose dates meet the week",
    "schools_reported": "those of them that answered for the week",
    "schools_on_time": "those of them that answered before the end of the week",
    "claimed_unreached": "the sum of what the answering schools say",
    # reports and what goes with them
    "pupil": "the pupil: a number of pupils; in pupils and events the pseudonym",
    "number": "the number that stands for it in reports",
    "household": "the household: a number of households; in households and events the pseudonym",
    "source": "who said so: a number of sources; in sources and events the URN",
    "occurred": f"when it happened {_TIME}",
    "occurred_at": f"when it happened {_TIME}",
    "recorded": f"when the ledger took it in {_TIME}",
    "recorded_at": f"when the ledger took it in {_TIME}",
    "until_known": f"from when on it no longer stands, being withdrawn {_TIME}; empty: it stands",
    "kind": "the kind of event; in reports 0 contact-lost, 1 contact-restored, 2 residence-established, 3 device-lent, "
    "4 door-visit",
    "rank": "the order of source and id among reports of one pupil at one instant; 0: the only one",
    "place": "the municipality that is stated, digits of the CBS code",
    "detail": "of a device 0 laptop, 1 tablet, 2 internet; of a visit 0 contact, 1 no-answer, 2 moved-away, 3 refused",
    "position": "the ledger's sequence, or the line's number in a file",
    # events and schools
    "id": "the event's id, unique within its source",
    "school": "BRIN and branch",
    "reason": "why contact was lost, or why a report is withdrawn",
    "via": "how contact was restored",
    "device": "what was lent",
    "outcome": "what came of a visit",
    "visitor": "who visited",
    "closure": "the name of a closure",
    "sectors": "the sectors that are closed",
    "municipalities": "the municipalities that are closed; empty: the whole country",
    "from_date": "first day, inclusive",
    "until_date": "last day, inclusive; empty: not known",
    "regime": "closed, closed-with-exceptions or partial",
    "pupils": "how many pupils a school has",
    "name": "the name of a school",
    "retracts_source": "the source of the event that is withdrawn",
    "retracts_id": "the id of the event that is withdrawn",
    "event": "the event as it came, as JSON",
}
"""By name of a column, in every table of the archive and in the tables of the count."""


def meaning_of(column: str) -> str:
    """Give what a column of a result means, by its name."""
    return MEANINGS.get(column, OTHER)
