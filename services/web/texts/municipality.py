"""The texts of the page of one municipality."""

from __future__ import annotations

from typing import Final

DUTCH: Final = {
    "here_none": "Hier waren de scholen in deze sector niet gesloten.",
    "here_public": "Van deze gemeente ziet u wat openbaar is. Die cijfers veranderen één keer per dag.",
    "here_back": "Alle gemeenten",
    "week": "Week",
    "balance": "Erbij en eraf",
    "balance_lead": (
        "Elke week: wat er was, plus wie erbij kwam, min wie weer bereikt is of verhuisde, is wat er aan het eind was."
    ),
    "balance_before": "Vorige week",
    "balance_lost": "Nieuw niet bereikt",
    "balance_in": "Hierheen verhuisd",
    "balance_restored": "Weer bereikt",
    "balance_out": "Weggegaan",
    "balance_open": "Op open dagen",
    "balance_end": "Eind van de week",
    "state": "Niet bereikt",
    "state_end": "Aan het eind van de week",
    "state_during": "Op enig moment in de week",
    "state_over": "Vier weken of langer",
    "state_households": "Huishoudens",
    "state_together": (
        "Een streepje: optellen over sectoren zou huishoudens en leerlingen dubbel tellen. Alleen voor de laatste week "
        "zijn zij voor alle sectoren samen geteld. Kies een sector voor de andere weken."
    ),
    "answers": "Antwoorden van scholen",
    "answers_reported": "Antwoordden",
    "answers_expected": "Verwacht",
    "answers_on_time": "Op tijd",
    "answers_claimed": "Zelf gemeld niet bereikt",
    "schools": "School voor school",
    "schools_lead": "Over de laatste week antwoordden {n} van {m} scholen. Wie nog niet antwoordde, staat bovenaan.",
    "schools_lead_one": "Over de laatste week antwoordden {n} van 1 school.",
    "schools_more": "De andere {n} scholen",
    "schools_more_one": "De andere school",
    "schools_school": "School",
    "schools_sector": "Sector",
    "schools_answer": "Antwoord",
    "schools_claim": "Zelf gemeld niet bereikt",
    "schools_since": "Geen antwoord",
    "schools_none": "nog niet",
    "schools_on_time": "op tijd",
    "schools_late": "na de week",
    "schools_silent": "{n} weken, sinds week {week}",
    "schools_silent_one": "1 week, sinds week {week}",
    "settling": "Hoe de cijfers van vorige weken veranderden",
    "settling_lead": (
        "Meldingen komen soms later. Dan verandert het cijfer van een week die al voorbij is. "
        "Hier staat per week hoeveel leerlingen niet bereikt waren: zoals dat toen bekend was, en zoals het nu bekend "
        "is."
    ),
    "settling_end": "Aan het eind",
    "settling_after": "{n} weken later",
    "settling_after_one": "1 week later",
    "settling_now": "Nu",
    "settling_difference": "Verschil met het eind",
    "work": "Huisbezoeken en apparaten",
}

ENGLISH: Final = {
    "here_none": "Schools of this sector were not closed here.",
    "here_public": "Of this municipality you see what is public. Those figures change once a day.",
    "here_back": "All municipalities",
    "week": "Week",
    "balance": "In and out",
    "balance_lead": (
        "Each week: what there was, and who came, less who was reached again or moved, is what there was at the end."
    ),
    "balance_before": "Week before",
    "balance_lost": "Newly not reached",
    "balance_in": "Moved here",
    "balance_restored": "Reached again",
    "balance_out": "Moved away",
    "balance_open": "On open days",
    "balance_end": "End of the week",
    "state": "Not reached",
    "state_end": "At the end of the week",
    "state_during": "At some time in the week",
    "state_over": "Four weeks or longer",
    "state_households": "Households",
    "state_together": (
        "A dash: adding up over sectors would count households and pupils twice. Only for the last week are they "
        "counted for all sectors together. Choose a sector for the other weeks."
    ),
    "answers": "Answers of schools",
    "answers_reported": "Answered",
    "answers_expected": "Expected",
    "answers_on_time": "On time",
    "answers_claimed": "Not reached by their own word",
    "schools": "School by school",
    "schools_lead": "For the last week {n} of {m} schools answered. Those that have not come first.",
    "schools_lead_one": "For the last week {n} of 1 school answered.",
    "schools_more": "The other {n} schools",
    "schools_more_one": "The other school",
    "schools_school": "School",
    "schools_sector": "Sector",
    "schools_answer": "Answer",
    "schools_claim": "Not reached by their own word",
    "schools_since": "Without an answer",
    "schools_none": "not yet",
    "schools_on_time": "on time",
    "schools_late": "after the week",
    "schools_silent": "{n} weeks, since week {week}",
    "schools_silent_one": "1 week, since week {week}",
    "settling": "How the figures of past weeks changed",
    "settling_lead": (
        "Some reports come late. They change the figure of a week that is over. This shows for each week how many "
        "pupils were not reached, as it was known then and as it is known now."
    ),
    "settling_end": "At its end",
    "settling_after": "{n} weeks later",
    "settling_after_one": "1 week later",
    "settling_now": "Now",
    "settling_difference": "Difference from its end",
    "work": "Door visits and devices",
}
