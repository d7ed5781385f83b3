"""Every text of the page, in Dutch and in English: the same keys in both.

The field's words: a pupil is "niet bereikt" or "in beeld".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

__all__ = ["CATALOGUE", "LANGUAGES", "Language", "Translate", "translator"]

Language = Literal["nl", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
Translate = Callable[..., str]

_DUTCH: Final = {
    "title": "Kind in beeld",
    "lead": "Leerlingen die hun school tijdens een schoolsluiting niet bereikt",
    "skip": "Naar de tabel",
    "language": "Taal",
    "simulated": "Gesimuleerde klok",
    "simulated_note": "Dit zijn geen echte kinderen.",
    "headline": "Leerlingen niet bereikt",
    "headline_on": "Nu, week {week}",
    "headline_over": "Aan het eind van de laatste sluiting, week {week}",
    "headline_none": "Nog geen sluiting",
    "pupils": "leerlingen",
    "pupils_one": "leerling",
    "more": "{n} meer dan vorige week",
    "fewer": "{n} minder dan vorige week",
    "same": "Evenveel als vorige week",
    "no_previous": "Eerste week, geen vorige",
    "coverage": "Antwoord: {n} van {m} scholen ({share}\u00a0%)",
    "coverage_one": "Antwoord: {n} van {m} school",
    "coverage_silent": "Nog geen antwoord: 0 van {m} scholen",
    "coverage_silent_one": "Nog geen antwoord: 0 van 1 school",
    "coverage_none": "Geen scholen verwacht",
    "over_4_weeks": "{n} langer dan vier weken",
    "sector": "Sector",
    "sector_all": "Alle sectoren",
    "sector_po": "Basisonderwijs",
    "sector_so": "Speciaal onderwijs",
    "sector_vo": "Voortgezet onderwijs",
    "sector_mbo": "Mbo",
    "short_all": "Alle",
    "short_po": "Basis",
    "short_so": "Speciaal",
    "short_vo": "Voortgezet",
    "short_mbo": "Mbo",
    "sector_week": "Week {week}",
    "sector_open": "Niet gesloten",
    "sector_over": "Weer open, laatst week {week}",
    "closures_on": "Sluitingen nu",
    "closures_off": "Op dit moment is er geen schoolsluiting.",
    "closures_last": "Laatste sluiting",
    "closures_coming": "Aangekondigd",
    "closures_never": "Er is nog geen schoolsluiting aangekondigd.",
    "closure_days": "{start} t/m {until}",
    "closure_open_end": "vanaf {start}, einddatum nog niet bekend",
    "closure_where": "in {where}",
    "closure_where_many": "in {n} gemeenten",
    "regime_closed": "gesloten",
    "regime_closed-with-exceptions": "gesloten, met uitzonderingen",
    "regime_partial": "gedeeltelijk open",
    "live": "Live",
    "connecting": "Verbinden …",
    "offline": "Niet verbonden, probeert het opnieuw",
    "paused": "Gepauzeerd",
    "pause": "Pauzeren",
    "resume": "Hervatten",
    "no_script": "Ververst elke {n} seconden",
    "refresh_off": "Niet meer verversen",
    "refresh_on": "Wel verversen",
    "as_of": "Stand van {moment}, Nederlandse tijd",
    "level": "Bij met het grootboek",
    "behind": "{n} gebeurtenissen achter op het grootboek ({seconds} s)",
    "behind_one": "1 gebeurtenis achter op het grootboek ({seconds} s)",
    "ledger_away": "Grootboek niet bereikbaar: nieuwe meldingen komen later",
    "problem": "De telling kan nu niet worden bijgewerkt; dit is de laatste stand.",
    "starting": "De telling wordt gelezen. Deze bladzijde ververst vanzelf.",
    "not_found": "Deze bladzijde bestaat niet.",
    "to_start": "Naar de telling",
    "table": "Per gemeente en week",
    "caption": (
        "Niet bereikte leerlingen per gemeente en week ({sector}). In elke cel staat het aantal, "
        "en daarachter hoeveel scholen antwoordden van hoeveel verwachte. Een vraagteken: nog geen school antwoordde."
    ),
    "search": "Zoek een gemeente",
    "search_button": "Zoek",
    "shown": "{n} van {m} gemeenten",
    "nothing_found": "Geen gemeente met deze naam.",
    "nothing_yet": "Zodra een sluiting begint, staat hier per gemeente en week hoeveel leerlingen niet bereikt zijn.",
    "municipality": "Gemeente",
    "change": "Verschil",
    "change_hint": "met vorige week",
    "over": "> 4 weken",
    "over_hint": "deze week",
    "households": "Huishoudens",
    "households_hint": "deze week",
    "now": "Nu",
    "last": "Laatst",
    "total": "Heel Nederland",
    "unknown": "Woonplaats onbekend",
    "not_valid": "t/m {day}",
    "not_registered": "niet in het register",
    "legend": "Legenda",
    "legend_answered": "0, met antwoord",
    "legend_silent": "nog geen antwoord",
    "legend_not_closed": "niet gesloten",
    "legend_coverage": "scholen die antwoordden / verwacht",
    "explanation": "Hoe deze cijfers te lezen",
    "explain_count": (
        "Een leerling telt mee zodra de school meldt dat er geen contact is, tot er weer contact is, en telt waar de "
        "leerling woont. Een week loopt van maandag tot en met zondag; een afgelopen week staat zoals zij eindigde."
    ),
    "explain_coverage": (
        "Geen antwoord is geen nul. Een school antwoordt over een week als zij al haar leerlingen is nagegaan. "
        "Bij een nul zonder antwoord staat daarom een vraagteken."
    ),
    "explain_change": (
        "Het verschil met vorige week vergelijkt waar scholen in beide weken gesloten waren. "
        "Heropent een sector, dan is dat dus geen daling."
    ),
    "explain_households": (
        "Huishoudens tellen per gemeente en sector; optellen zou gezinnen dubbel tellen, daarom staat er geen totaal."
    ),
    "explain_private": "Exacte kleine aantallen zijn alleen bedoeld voor wie ermee werkt: deel ze niet openbaar.",
}

_ENGLISH: Final = {
    "title": "Kind in beeld",
    "lead": "Pupils their school has not reached during a school closure",
    "skip": "To the table",
    "language": "Language",
    "simulated": "Simulated clock",
    "simulated_note": "These are not real children.",
    "headline": "Pupils not reached",
    "headline_on": "Now, week {week}",
    "headline_over": "At the end of the last closure, week {week}",
    "headline_none": "No closure yet",
    "pupils": "pupils",
    "pupils_one": "pupil",
    "more": "{n} more than last week",
    "fewer": "{n} fewer than last week",
    "same": "The same as last week",
    "no_previous": "First week, none before",
    "coverage": "Answers: {n} of {m} schools ({share}%)",
    "coverage_one": "Answers: {n} of {m} school",
    "coverage_silent": "No answers yet: 0 of {m} schools",
    "coverage_silent_one": "No answer yet: 0 of 1 school",
    "coverage_none": "No schools expected",
    "over_4_weeks": "{n} for over four weeks",
    "sector": "Sector",
    "sector_all": "All sectors",
    "sector_po": "Primary",
    "sector_so": "Special",
    "sector_vo": "Secondary",
    "sector_mbo": "Vocational (mbo)",
    "short_all": "All",
    "short_po": "Primary",
    "short_so": "Special",
    "short_vo": "Secondary",
    "short_mbo": "Mbo",
    "sector_week": "Week {week}",
    "sector_open": "Not closed",
    "sector_over": "Open again, last week {week}",
    "closures_on": "Closures now",
    "closures_off": "No school closure is on at the moment.",
    "closures_last": "Last closure",
    "closures_coming": "Announced",
    "closures_never": "No school closure has been announced yet.",
    "closure_days": "{start} to {until}",
    "closure_open_end": "from {start}, end not known yet",
    "closure_where": "in {where}",
    "closure_where_many": "in {n} municipalities",
    "regime_closed": "closed",
    "regime_closed-with-exceptions": "closed, with exceptions",
    "regime_partial": "partly open",
    "live": "Live",
    "connecting": "Connecting …",
    "offline": "Not connected, trying again",
    "paused": "Paused",
    "pause": "Pause",
    "resume": "Resume",
    "no_script": "Reloads every {n} seconds",
    "refresh_off": "Stop reloading",
    "refresh_on": "Reload again",
    "as_of": "As of {moment}, Dutch time",
    "level": "Level with the ledger",
    "behind": "{n} events behind the ledger ({seconds} s)",
    "behind_one": "1 event behind the ledger ({seconds} s)",
    "ledger_away": "Ledger cannot be reached: new reports will come later",
    "problem": "The count cannot be brought up to date now; this is how it last stood.",
    "starting": "The count is being read. This page reloads by itself.",
    "not_found": "This page does not exist.",
    "to_start": "To the count",
    "table": "By municipality and week",
    "caption": (
        "Pupils not reached by municipality and week ({sector}). Each cell has the number, "
        "and then how many schools answered of how many expected. A question mark: no school has answered yet."
    ),
    "search": "Find a municipality",
    "search_button": "Find",
    "shown": "{n} of {m} municipalities",
    "nothing_found": "No municipality of this name.",
    "nothing_yet": "As soon as a closure begins, this shows by municipality and week how many pupils are not reached.",
    "municipality": "Municipality",
    "change": "Change",
    "change_hint": "on last week",
    "over": "> 4 weeks",
    "over_hint": "this week",
    "households": "Households",
    "households_hint": "this week",
    "now": "Now",
    "last": "Last",
    "total": "The Netherlands",
    "unknown": "Residence unknown",
    "not_valid": "until {day}",
    "not_registered": "not in the register",
    "legend": "Legend",
    "legend_answered": "0, with an answer",
    "legend_silent": "no answer yet",
    "legend_not_closed": "not closed",
    "legend_coverage": "schools that answered / expected",
    "explanation": "How to read these figures",
    "explain_count": (
        "A pupil counts from when the school reports that there is no contact until there is contact again, and counts "
        "where the pupil lives. A week runs from Monday to Sunday; a past week stands as it ended."
    ),
    "explain_coverage": (
        "No answer is not a zero. A school answers for a week when it has checked on all its pupils. "
        "A zero without an answer is therefore shown as a question mark."
    ),
    "explain_change": (
        "The change on last week compares where schools were closed in both weeks. "
        "A sector that reopens is therefore not a fall."
    ),
    "explain_households": (
        "Households count by municipality and sector; adding them up would count families twice, so there is no total."
    ),
    "explain_private": "Exact small numbers are only meant for those who work with them: do not publish them.",
}

CATALOGUE: Final[dict[Language, dict[str, str]]] = {"nl": _DUTCH, "en": _ENGLISH}


def translator(language: Language) -> Translate:
    """Return the function that gives the text of a key in `language`, its places filled; KeyError for an unknown key.

    A number `count` chooses the key's `_one` form for exactly one, where the catalogue has one.
    """
    texts = CATALOGUE[language]

    def translate(key: str, /, *, count: int | None = None, **places: object) -> str:
        chosen = f"{key}_one" if count == 1 and f"{key}_one" in texts else key
        return texts[chosen].format(**places)

    return translate
