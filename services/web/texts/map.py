"""The texts of the map."""

from __future__ import annotations

from typing import Final

DUTCH: Final = {
    "map": "Kaart van tegels",
    "map_lead": (
        "Elk gebied is een tegel van dezelfde grootte, zo dicht mogelijk bij waar het ligt. "
        "Hoe sterker de kleur, hoe meer leerlingen niet bereikt zijn."
    ),
    "map_lead_rate": (
        "Elk gebied is een tegel van dezelfde grootte, zo dicht mogelijk bij waar het ligt. "
        "Hoe sterker de kleur, hoe meer van elke 1.000 leerlingen niet bereikt zijn."
    ),
    "map_tells": "Kleur naar",
    "map_tells_number": "Aantal",
    "map_tells_rate": "Aantal per 1.000 leerlingen",
    "map_per_1000": "Niet bereikt per 1.000",
    "map_of_registered": "Niet bereikt van geregistreerd",
    "map_ratio": "{n} van {m}",
    "map_zero": "0,0",
    "map_unknown": "n.b.",
    "legend_no_pupils": "aantal leerlingen niet bekend",
    "legend_not_told": "niet openbaar",
    "map_not_told": (
        "Per 1.000 leerlingen ziet u alleen gebieden waarvan u alle cijfers mag zien. Hoeveel leerlingen scholen "
        "hebben, hoort hier niet bij de openbare cijfers. Uit een deling zou u verborgen aantallen kunnen afleiden."
    ),
    "map_by": "Per",
    "map_by_municipality": "Gemeente",
    "map_by_region": "Veiligheidsregio",
    "map_by_province": "Provincie",
    "map_which_week": "Week",
    "map_week": "week {week}, vanaf {day} {year}",
    "map_in_division": "Gemeenten van",
    "map_division_own": "die week zelf",
    "map_division": "{day}",
    "map_show": "Toon",
    "map_summary_municipality": "Kaart van {n} gemeenten. Dezelfde aantallen staan in de tabel eronder.",
    "map_summary_region": "Kaart van {n} veiligheidsregio's. Dezelfde aantallen staan in de tabel eronder.",
    "map_summary_province": "Kaart van {n} provincies. Dezelfde aantallen staan in de tabel eronder.",
    "map_apart": "niet te vergelijken",
    "map_apart_note": (
        "Een gemeente die later is gesplitst, blijft hier staan zoals ze was. Zij en de gemeenten die een deel ervan "
        "kregen, zijn niet te vergelijken met later."
    ),
    "map_table": "Als tabel",
    "map_unreached": "Niet bereikt",
    "map_coverage": "Scholen met antwoord",
    "map_nothing": "Er is nog geen week om te tonen.",
}

ENGLISH: Final = {
    "map": "Map of tiles",
    "map_lead": (
        "Every area is a tile of the same size, as near as can be to where it lies. "
        "The stronger the colour, the more pupils are not reached."
    ),
    "map_lead_rate": (
        "Every area is a tile of the same size, as near as can be to where it lies. "
        "The stronger the colour, the more of every 1,000 pupils are not reached."
    ),
    "map_tells": "Colour by",
    "map_tells_number": "Number",
    "map_tells_rate": "Number per 1,000 pupils",
    "map_per_1000": "Not reached per 1,000",
    "map_of_registered": "Not reached of registered",
    "map_ratio": "{n} of {m}",
    "map_zero": "0.0",
    "map_unknown": "n/k",
    "legend_no_pupils": "number of pupils not known",
    "legend_not_told": "not public",
    "map_not_told": (
        "Per 1,000 pupils you see only areas of which you may see all figures. How many pupils schools have is not "
        "among the public figures here. From a quotient you could work out hidden numbers."
    ),
    "map_by": "By",
    "map_by_municipality": "Municipality",
    "map_by_region": "Safety region",
    "map_by_province": "Province",
    "map_which_week": "Week",
    "map_week": "week {week}, from {day} {year}",
    "map_in_division": "Municipalities of",
    "map_division_own": "that week itself",
    "map_division": "{day}",
    "map_show": "Show",
    "map_summary_municipality": "Map of {n} municipalities. The same numbers are in the table below it.",
    "map_summary_region": "Map of {n} safety regions. The same numbers are in the table below it.",
    "map_summary_province": "Map of {n} provinces. The same numbers are in the table below it.",
    "map_apart": "not comparable",
    "map_apart_note": (
        "A municipality that was split up later stays here as it was. It and the municipalities that took in a part of "
        "it cannot be compared with later ones."
    ),
    "map_table": "As a table",
    "map_unreached": "Not reached",
    "map_coverage": "Schools that answered",
    "map_nothing": "There is no week to show yet.",
}
