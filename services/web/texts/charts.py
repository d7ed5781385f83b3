"""The texts of the charts."""

from __future__ import annotations

from typing import Final

DUTCH: Final = {
    "chart_week": "Niet bereikt per week",
    "chart_coverage": "Scholen die antwoordden",
    "chart_place": "Niet bereikt per week",
    "chart_alt_week": "Lijnen per week, per sector en samen, met de sluitingen. De tekst eronder vat ze samen.",
    "chart_alt_coverage": "Lijn per week, met de sluitingen. De tekst eronder vat haar samen.",
    "chart_alt_place": "Lijn per week, met de sluitingen. De tekst eronder vat haar samen.",
    "chart_decided": "besloten {day}",
    "chart_percent": "{n}\u00a0%",
    "chart_end": "Aan het eind:",
    "chart_during": "In de week:",
    "chart_last": "Week {week}: {n} {pupils} niet bereikt.",
    "chart_silent_last": "Week {week}: nog geen antwoord.",
    "chart_highest": "Hoogste: week {week}, {n}.",
    "chart_coverage_last": "Week {week}: {share} van de scholen antwoordde ({n} van {m}).",
    "chart_coverage_before": "De week ervoor {share}.",
    "chart_share": "Deel",
    "chart_ranges": "Waar een band staat, ligt het aantal daarin: meer is er niet openbaar.",
    "chart_hollow": "Een open punt: nog geen school antwoordde.",
    "chart_ranges_short": "Een band: het aantal ligt daarin",
    "chart_table": "Als tabel",
    "chart_take": "Meenemen:",
    "chart_from": "Kind in beeld, stand van {moment}",
}

ENGLISH: Final = {
    "chart_week": "Not reached by week",
    "chart_coverage": "Schools that answered",
    "chart_place": "Not reached by week",
    "chart_alt_week": "Lines by week, by sector and together, with the closures. The text below sums them up.",
    "chart_alt_coverage": "A line by week, with the closures. The text below sums it up.",
    "chart_alt_place": "A line by week, with the closures. The text below sums it up.",
    "chart_decided": "decided {day}",
    "chart_percent": "{n}%",
    "chart_end": "At the end:",
    "chart_during": "In the week:",
    "chart_last": "Week {week}: {n} {pupils} not reached.",
    "chart_silent_last": "Week {week}: no answer yet.",
    "chart_highest": "Highest: week {week}, {n}.",
    "chart_coverage_last": "Week {week}: {share} of the schools answered ({n} of {m}).",
    "chart_coverage_before": "The week before {share}.",
    "chart_share": "Share",
    "chart_ranges": "Where there is a band the number lies within it: no more is public.",
    "chart_hollow": "An open dot: no school has answered yet.",
    "chart_ranges_short": "A band: the number lies within it",
    "chart_table": "As a table",
    "chart_take": "Take along:",
    "chart_from": "Kind in beeld, as of {moment}",
}
