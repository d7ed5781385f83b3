"""The texts of a report, in Dutch and in English: the same keys in both."""

from __future__ import annotations

from typing import Final

from services.web.texts import Language

__all__ = ["DEFINITIONS", "TEXTS"]

DEFINITIONS: Final = ("unreached", "residence", "week", "change", "over", "flow", "coverage", "closure", "private")
"""The sections of the page that explains the figures which a report takes over; the public view has `public` too."""

DUTCH: Final = {
    "report": "Rapport",
    "title": "Leerlingen niet bereikt: {area}",
    "period": "Van {first} tot en met {last}",
    "view_work": "Werkrapport: exacte aantallen, ook kleine. Alleen voor wie ermee werkt; deel het niet.",
    "view_public": "Openbaar rapport: 1 tot en met 4 leerlingen staat als <5, zoals in de open data.",
    "stand": "Dit is wat bekend was op {moment}, Nederlandse tijd.",
    "contents": "Inhoud",
    "main": "In het kort",
    "main_end": "Niet bereikt, eind van week {week}",
    "main_most": "Hoogste week",
    "main_most_week": "week {week}",
    "main_lost": "Nieuw niet bereikt in deze weken",
    "main_restored": "Weer bereikt in deze weken",
    "main_over": "Langer dan vier weken niet bereikt, week {week}",
    "main_answers": "Scholen die antwoordden, week {week}",
    "of": "{n} van {m}",
    "silent": "nog geen antwoord",
    "weeks": "Per week",
    "weeks_caption": "Niet bereikte leerlingen aan het eind van elke week",
    "week": "Week",
    "begins": "Begint",
    "newly_lost": "Nieuw",
    "restored": "Weer bereikt",
    "moved_in": "Hierheen verhuisd",
    "moved_out": "Weggegaan",
    "unreached_over_4_weeks": "> 4 weken",
    "flows_caption": "Erbij en eraf in elke week, en wie langer dan vier weken niet bereikt is",
    "coverage": "Wie antwoordde",
    "coverage_caption": "Scholen die antwoordden van de scholen die dat zouden doen",
    "reported": "Antwoordden",
    "expected": "Verwacht",
    "share": "Deel",
    "places": "Per gemeente",
    "places_caption": "Niet bereikte leerlingen per gemeente aan het eind van week {week}",
    "municipality": "Gemeente",
    "unreached": "Niet bereikt",
    "answers": "Scholen die antwoordden",
    "settling": "Wat wanneer bekend was",
    "settling_lead": (
        "Meldingen komen soms later. Bij elke week staat het aantal zoals het bekend was aan het eind van die week, en "
        "een tot vier weken later. Een streepje: dat moment was er nog niet, of er was toen geen cijfer."
    ),
    "settling_sum": "Van week {week} waren er aan het eind van die week {then} bekend, en vier weken later {now}.",
    "settling_caption": "Niet bereikte leerlingen, zoals bekend na zoveel weken",
    "after_0": "Aan het eind",
    "after_n": "Na {n} weken",
    "after_n_one": "Na 1 week",
    "closures": "Sluitingen",
    "closures_caption": "De sluitingen in deze weken, zoals ze het laatst waren aangekondigd",
    "closure": "Sluiting",
    "sectors": "Sectoren",
    "starts": "Eerste dag",
    "until": "Laatste dag",
    "until_unknown": "nog niet bekend",
    "where": "Waar",
    "everywhere": "heel Nederland",
    "some": "{n} gemeenten",
    "some_one": "1 gemeente",
    "decided": "Aangekondigd",
    "definitions": "Wat de cijfers betekenen",
    "method": "Hoe dit gemaakt is",
    "method_text": (
        "De aantallen zijn berekend uit de meldingen in het grootboek, zoals die bekend waren op het moment hieronder. "
        "Wie hetzelfde grootboek heeft en hetzelfde vraagt, krijgt precies hetzelfde bestand. Zo controleert u het: "
        "voer de opdracht uit en vergelijk de controlegetallen (SHA-256)."
    ),
    "method_as_of": "Bekend op",
    "method_events": "Gebeurtenissen",
    "method_checksum": "Controlegetal van de gebeurtenissen",
    "method_checksum_public": "Controlegetal van de openbare cijfers",
    "method_version": "Programma",
    "method_command": "Opdracht",
    "chart_text": "Een lijn per sector en een voor alle samen. De tabel eronder heeft dezelfde cijfers.",
    "chart_closures": "De grafiek toont de {n} langste sluitingen. Onder Sluitingen staan ze alle.",
    "chart_text_coverage": "Een lijn: het deel van de scholen dat antwoordde. De tabel eronder heeft dezelfde cijfers.",
}

ENGLISH: Final = {
    "report": "Report",
    "title": "Pupils not reached: {area}",
    "period": "From {first} to {last}",
    "view_work": "Work report: exact numbers, small ones too. Only for those who work with it; do not share it.",
    "view_public": "Public report: 1 to 4 pupils is shown as <5, as in the open data.",
    "stand": "This is what was known on {moment}, Dutch time.",
    "contents": "Contents",
    "main": "In short",
    "main_end": "Not reached, end of week {week}",
    "main_most": "Highest week",
    "main_most_week": "week {week}",
    "main_lost": "Newly not reached in these weeks",
    "main_restored": "Reached again in these weeks",
    "main_over": "Not reached for over four weeks, week {week}",
    "main_answers": "Schools that answered, week {week}",
    "of": "{n} of {m}",
    "silent": "no answer yet",
    "weeks": "By week",
    "weeks_caption": "Pupils not reached at the end of each week",
    "week": "Week",
    "begins": "Begins",
    "newly_lost": "New",
    "restored": "Reached again",
    "moved_in": "Moved here",
    "moved_out": "Moved away",
    "unreached_over_4_weeks": "> 4 weeks",
    "flows_caption": "What came and went in each week, and who was not reached for over four weeks",
    "coverage": "Who answered",
    "coverage_caption": "Schools that answered, of the schools that should",
    "reported": "Answered",
    "expected": "Expected",
    "share": "Share",
    "places": "By municipality",
    "places_caption": "Pupils not reached by municipality at the end of week {week}",
    "municipality": "Municipality",
    "unreached": "Not reached",
    "answers": "Schools that answered",
    "settling": "What was known when",
    "settling_lead": (
        "Reports sometimes come later. Of each week stands the number as it was known at the end of that week, and one "
        "to four weeks later. A dash: that time had not come yet, or there was no figure then."
    ),
    "settling_sum": "Of week {week}, {then} were known at the end of that week, and {now} four weeks later.",
    "settling_caption": "Pupils not reached, as known after so many weeks",
    "after_0": "At the end",
    "after_n": "After {n} weeks",
    "after_n_one": "After 1 week",
    "closures": "Closures",
    "closures_caption": "The closures in these weeks, as they were last announced",
    "closure": "Closure",
    "sectors": "Sectors",
    "starts": "First day",
    "until": "Last day",
    "until_unknown": "not known yet",
    "where": "Where",
    "everywhere": "the whole country",
    "some": "{n} municipalities",
    "some_one": "1 municipality",
    "decided": "Announced",
    "definitions": "What the figures mean",
    "method": "How this was made",
    "method_text": (
        "The numbers are worked out from the reports in the ledger, as they were known at the moment below. Whoever "
        "has the same ledger and asks the same gets exactly the same file. To check it: run the command and compare "
        "the checksums (SHA-256)."
    ),
    "method_as_of": "Known at",
    "method_events": "Events",
    "method_checksum": "Checksum of the events",
    "method_checksum_public": "Checksum of the public figures",
    "method_version": "Program",
    "method_command": "Command",
    "chart_text": "A line for each sector and one for all together. The table below has the same figures.",
    "chart_closures": "The chart shows the {n} longest closures. Under Closures are all of them.",
    "chart_text_coverage": "A line: the share of schools that answered. The table below has the same figures.",
}

TEXTS: Final[dict[Language, dict[str, str]]] = {"nl": DUTCH, "en": ENGLISH}
