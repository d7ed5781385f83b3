"""What the open data is and what each column means, in Dutch and English."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["AREA_COLUMNS", "CELL_COLUMNS", "COLUMNS", "DESCRIPTION", "PAGE", "PATH", "RULE", "TITLE"]

PATH: Final = "/v1/open-data"
"""The address of the open data for programs."""
PAGE: Final = "/open-data"
"""And of the page about them for people."""

Text = dict[str, str]

TITLE: Final[Text] = {
    "nl": "Leerlingen die niet bereikt worden tijdens een schoolsluiting, per gemeente, sector en week",
    "en": "Pupils not reached during a school closure, by municipality, sector and week",
}
RULE: Final[Text] = {
    "nl": "1 tot en met 4 leerlingen staat als <5; 0 blijft 0. Een totaal is opgeteld uit wat hier staat: is een deel"
    " <5, dan is het totaal een bereik, zoals 8-11. Elke dag komt er één tabel bij; een tabel verandert daarna niet.",
    "en": "1 to 4 pupils is shown as <5; 0 stays 0. A total is added up from what is shown here: where a part is <5,"
    " the total is a range, such as 8-11. One table is added each day; a table does not change afterwards.",
}
DESCRIPTION: Final[Text] = {
    "nl": "Het aantal leerlingen met wie hun school geen contact meer heeft, naar de gemeente waar zij wonen, aan het"
    " einde van de laatste gesloten dag van de week (in de lopende week: toen de tabel gemaakt is). Een week staat erin"
    " vanaf de dag na de eerste gesloten dag. " + RULE["nl"],
    "en": "The number of pupils with whom their school has no contact any more, by the municipality where they live, at"
    " the end of the last closed day of the week (in the running week: when the table was made). A week is in the table"
    " from the day after its first closed day on. " + RULE["en"],
}

CELL_COLUMNS: Final = (
    "date",
    "municipality",
    "name",
    "sector",
    "week",
    "unreached",
    "unreached_low",
    "unreached_high",
    "schools_expected",
    "schools_reported",
)
AREA_COLUMNS: Final = ("date", "area", *CELL_COLUMNS[2:])

_MEANINGS: Final[dict[str, tuple[str, str, str]]] = {
    "date": ("date", "De dag waarvan de tabel is (Europe/Amsterdam).", "The day of the table (Europe/Amsterdam)."),
    "municipality": (
        "string",
        "CBS-code van de gemeente volgens de indeling van die week; unknown: woonplaats niet bekend, of geen gemeente"
        " van die week.",
        "CBS code of the municipality in the division of that week; unknown: residence not known, or no municipality of"
        " that week.",
    ),
    "area": (
        "string",
        "NL, provincie (PV20), veiligheidsregio (VR01), gemeente (GM0014) of unknown. Alleen NL telt unknown mee.",
        "NL, province (PV20), safety region (VR01), municipality (GM0014) or unknown. Only NL includes unknown.",
    ),
    "name": ("string", "De naam van het gebied.", "The name of the area."),
    "sector": (
        "string",
        "po, so, vo of mbo (basis-, speciaal, voortgezet en middelbaar beroepsonderwijs); all: alle samen.",
        "po, so, vo or mbo (primary, special, secondary and vocational education); all: all together.",
    ),
    "week": ("string", "ISO-week, zoals 2020-W14.", "ISO week, such as 2020-W14."),
    "unreached": (
        "string",
        "Niet bereikte leerlingen, zoals getoond: 0, <5, 17 of 8-11.",
        "Pupils not reached, as shown: 0, <5, 17 or 8-11.",
    ),
    "unreached_low": ("integer", "Het zijn er minstens zoveel.", "There are at least so many."),
    "unreached_high": ("integer", "Het zijn er hoogstens zoveel.", "There are at most so many."),
    "schools_expected": (
        "integer",
        "Scholen die over die week zouden antwoorden.",
        "Schools that should answer for that week.",
    ),
    "schools_reported": (
        "integer",
        "Scholen die geantwoord hebben. Geen antwoord is geen nul.",
        "Schools that have answered. No answer is not a zero.",
    ),
}

COLUMNS: Final[dict[str, dict[str, Any]]] = {
    name: {"type": kind, "nl": dutch, "en": english} for name, (kind, dutch, english) in _MEANINGS.items()
}
"""By the name of each column: its type and its meaning."""
