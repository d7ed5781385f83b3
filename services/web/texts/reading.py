"""The page that explains how to read the figures. Paragraphs of a text are apart by a line end."""

from __future__ import annotations

from typing import Final

SECTIONS: Final = (
    "unreached",
    "rate",
    "residence",
    "week",
    "settling",
    "change",
    "yesterday",
    "during",
    "over",
    "long",
    "households",
    "distinct",
    "coverage",
    "schools",
    "flow",
    "work",
    "closure",
    "public",
    "sure",
    "private",
)
"""The sections of the page, in their order; each has a title `reading_…` and a text `reading_…_text`."""

UNAUDITED: Final = frozenset({"rate", "settling", "yesterday", "long", "distinct", "schools"})
"""Sections about figures that no audit compares: their text says what they follow from."""

DUTCH: Final = {
    "reading": "Hoe u deze cijfers leest",
    "reading_lead": (
        "Kind in beeld telt leerlingen die hun school niet bereikt terwijl de scholen dicht zijn. Hier staat wat "
        "elk cijfer betekent, en wat het niet betekent."
    ),
    "reading_contents": "Op deze bladzijde",
    "reading_unreached": "Niet bereikt",
    "reading_unreached_text": (
        "Een leerling telt mee vanaf het moment dat een school, het wijkteam of leerplicht meldt dat er geen "
        "contact is. De leerling telt niet meer mee zodra iemand meldt dat er weer contact is.\n"
        "Meldt iedereen dezelfde leerling, dan telt die leerling toch één keer. Een melding die is ingetrokken, "
        "telt niet mee, ook niet in weken die voorbij zijn."
    ),
    "reading_rate": "Per 1.000 leerlingen",
    "reading_rate_text": (
        "Dit is het aantal niet bereikte leerlingen, gedeeld door het aantal leerlingen van de scholen in dat gebied, "
        "keer 1.000. Het aantal leerlingen komt uit het register van scholen, zoals dat nu bekend is: van de scholen "
        "die in die week bestaan. Geeft een school geen aantal op, dan is het van die gemeente en sector niet bekend. "
        "Die tellen dan in beide getallen niet mee.\n"
        "Een niet bereikte leerling telt waar die woont, een geregistreerde leerling waar de school staat. Gaan veel "
        "leerlingen in een andere gemeente naar school, dan past dit cijfer minder goed.\n"
        "De controle vergelijkt het aantal niet bereikte leerlingen, niet het aantal geregistreerde leerlingen."
    ),
    "reading_residence": "Waar een leerling woont",
    "reading_residence_text": (
        "Een leerling telt in de gemeente waar die woont, niet waar de school staat. Weet niemand waar de "
        "leerling woont, dan staat de leerling bij ‘woonplaats onbekend’. Wordt de woonplaats later bekend, dan "
        "verhuist de leerling in de telling mee, ook in de weken die voorbij zijn."
    ),
    "reading_week": "Een week",
    "reading_week_text": (
        "Een week loopt van maandag tot en met zondag, in Nederlandse tijd. Van een week die voorbij is, staat "
        "er hoe het aan het eind van de laatste dag was waarop de scholen dicht waren. Van de week die loopt, "
        "staat er hoe het nu is.\n"
        "Een cijfer van een week die voorbij is kan nog veranderen, als een melding later komt. Op de bladzijde "
        "van een gemeente ziet u hoe dat ging."
    ),
    "reading_settling": "Hoe vorige weken veranderden",
    "reading_settling_text": (
        "Bij elke week die voorbij is, staat het aantal zoals dat bekend was aan het eind van die week, en elke week "
        "daarna. Komt een melding later, wordt zij ingetrokken of wordt de woonplaats bekend, dan verandert het. Een "
        "streepje: toen was er geen cijfer.\n"
        "Wie precieze aantallen ziet, kan bij Toen elk moment naast nu leggen, met wat het verschil maakte.\n"
        "Het volgt uit wanneer elke melding binnenkwam. De controle vergelijkt alleen het cijfer van nu."
    ),
    "reading_change": "Verschil met vorige week",
    "reading_change_text": (
        "Het verschil met vorige week vergelijkt waar scholen in beide weken gesloten waren. Heropent een sector, "
        "dan is dat dus geen daling."
    ),
    "reading_yesterday": "Verschil met gisteren",
    "reading_yesterday_text": (
        "Dit vergelijkt het aantal van nu met dat van het eind van gisteren, waar scholen beide keren gesloten waren. "
        "Gisteren is hier wat we nu over gisteren weten. Komt een melding over vorige week pas vandaag, dan telt die "
        "dus niet als verschil.\n"
        "Het aantal van gisteren volgt uit dezelfde meldingen als het aantal van nu. De controle vergelijkt alleen het "
        "aantal van nu."
    ),
    "reading_during": "Op enig moment in de week",
    "reading_during_text": (
        "Dit zijn alle leerlingen die in die week op een dag dat de scholen dicht waren niet bereikt waren, al "
        "was het maar even. Dit getal is dus nooit kleiner dan het aantal aan het eind van de week. Optellen "
        "over sectoren of gemeenten mag niet: dan telt een leerling die verhuist dubbel."
    ),
    "reading_over": "Langer dan vier weken",
    "reading_over_text": (
        "Dit zijn de leerlingen die nu niet bereikt zijn en dat al 28 dagen of langer zijn, zonder onderbreking."
    ),
    "reading_long": "Hoe lang al niet bereikt",
    "reading_long_text": (
        "Dit verdeelt de leerlingen die nu niet bereikt zijn naar hoe lang dat al zo is, zonder onderbreking. Precies "
        "één week telt bij 1 tot 2 weken. Het gaat om plaatsen en sectoren die deze week gesloten zijn.\n"
        "De verdeling volgt uit de meldingen per leerling. Op een dag dat de scholen dicht zijn, is de som het aantal "
        "niet bereikte leerlingen. De controle vergelijkt dat aantal, niet de verdeling."
    ),
    "reading_households": "Huishoudens",
    "reading_households_text": (
        "Van leerlingen die nu niet bereikt zijn, telt elk huishouden één keer. Is het huishouden niet gemeld, "
        "dan is de leerling een huishouden alleen. Huishoudens van twee gemeenten of sectoren mag u niet "
        "optellen: het kan hetzelfde gezin zijn."
    ),
    "reading_distinct": "Huishoudens en leerlingen samen",
    "reading_distinct_text": (
        "Over gemeenten of sectoren samen telt elk huishouden één keer, ook met kinderen in meer sectoren of "
        "gemeenten. Dat geldt voor leerlingen die nu niet bereikt zijn. Is het huishouden niet gemeld, dan is de "
        "leerling een huishouden alleen. Zo telt ook elke leerling één keer die op enig moment in de week niet bereikt "
        "was.\n"
        "Deze aantallen volgen uit de meldingen zelf: optellen mag niet. De controle vergelijkt de aantallen per "
        "gemeente en sector, niet deze."
    ),
    "reading_coverage": "Geen antwoord is geen nul",
    "reading_coverage_text": (
        "Naast elk cijfer staat hoeveel scholen antwoordden van hoeveel scholen. Een school antwoordt over een "
        "week als zij al haar leerlingen is nagegaan. Heeft geen school geantwoord en is er niemand gemeld, dan "
        "staat er een vraagteken en geen nul.\n"
        "Wat een school zelf zegt over het aantal leerlingen dat zij niet bereikt, staat apart. Het telt niet "
        "mee in het cijfer."
    ),
    "reading_schools": "School voor school",
    "reading_schools_text": (
        "Dit zijn de scholen in deze gemeente waarvan we over de laatste week een antwoord verwachten. Op tijd is: "
        "voor het eind van de week. Bij een school zonder antwoord staat hoeveel gesloten weken achter elkaar zij nog "
        "niet antwoordde.\n"
        "De lijst volgt uit het register en de antwoorden van scholen. De controle vergelijkt hoeveel scholen "
        "antwoordden, niet de lijst zelf."
    ),
    "reading_flow": "Erbij en eraf",
    "reading_flow_text": (
        "Het aantal aan het eind van een week is het aantal van de week ervoor, plus wie nieuw niet bereikt "
        "werd, min wie weer bereikt werd, plus wie hierheen verhuisde, min wie weggegaan is. Klopt dat niet, dan "
        "gebeurde er iets op een dag dat de scholen open waren. Dat staat er dan bij."
    ),
    "reading_work": "Huisbezoeken en apparaten",
    "reading_work_text": (
        "Dit zijn de bezoeken aan de deur en de uitgeleende laptops, tablets en internetverbindingen van die "
        "week, op dagen dat de scholen dicht waren. Eén leerling kan vaker bezocht zijn."
    ),
    "reading_closure": "Sluitingen",
    "reading_closure_text": (
        "Er is alleen een cijfer voor een sector en een gemeente als de scholen daar die week dicht waren, ook "
        "als dat gedeeltelijk of met uitzonderingen was. Wordt een sluiting verlengd of ingekort, dan past de "
        "telling zich meteen aan."
    ),
    "reading_public": "Wat openbaar is",
    "reading_public_text": (
        "Van een gemeente waar u niet voor werkt, ziet u wat iedereen mag zien: 0, ‘<5’ voor 1 tot en met 4, of "
        "het aantal vanaf 5. Totalen zijn opgeteld uit die getallen. Staat er dan ‘8-11’, dan ligt het echte "
        "aantal daartussen. Zo is geen kind te herleiden. Openbare cijfers veranderen één keer per dag."
    ),
    "reading_sure": "Hoe zeker is dit?",
    "reading_sure_text": (
        "Twee programma's rekenen elk op hun eigen manier. De controle vergelijkt hun tabellen cel voor cel. Bij "
        "elk getal staat wat de laatste controle vond. "
        "Boven aan elke bladzijde staat van welk moment de cijfers zijn, en of alle meldingen erin zitten.\n"
        "Een cijfer zegt wat gemeld is. Het zegt niet of een school iedereen heeft gemeld: kijk daarvoor naar de "
        "antwoorden van scholen."
    ),
    "reading_private": "Geen namen",
    "reading_private_text": (
        "In dit systeem staan geen namen van kinderen, alleen codes die niemand buiten de melder kan herleiden. "
        "Kleine aantallen zijn bedoeld voor wie ermee werkt: deel ze niet. Maakt u zich zorgen over de "
        "veiligheid van een kind, bel dan Veilig Thuis. Dat hoort niet in dit systeem."
    ),
}

ENGLISH: Final = {
    "reading": "How to read these figures",
    "reading_lead": (
        "Kind in beeld counts pupils whom their school does not reach while schools are closed. This page says "
        "what each figure means, and what it does not mean."
    ),
    "reading_contents": "On this page",
    "reading_unreached": "Not reached",
    "reading_unreached_text": (
        "A pupil counts from the moment that a school, the neighbourhood team or the attendance officer reports "
        "that there is no contact. The pupil no longer counts as soon as someone reports that there is contact "
        "again.\n"
        "If everyone reports the same pupil, that pupil still counts once. A report that was withdrawn does not "
        "count, in past weeks either."
    ),
    "reading_rate": "Per 1,000 pupils",
    "reading_rate_text": (
        "This is the number of pupils not reached, divided by the number of pupils of the schools in that area, times "
        "1,000. The number of pupils is from the register of schools as it is known now: of the schools that exist in "
        "that week. If a school states no number, it is not known for that municipality and sector. Those then count "
        "in neither number.\n"
        "A pupil not reached counts where the pupil lives, a registered pupil where the school stands. Where many "
        "pupils go to school in another municipality, this figure fits less well.\n"
        "The audit compares the number of pupils not reached, not the number of registered pupils."
    ),
    "reading_residence": "Where a pupil lives",
    "reading_residence_text": (
        "A pupil counts in the municipality where the pupil lives, not where the school stands. If nobody knows "
        "where the pupil lives, the pupil stands under ‘residence unknown’. When the residence becomes known, "
        "the pupil moves in the count as well, in past weeks too."
    ),
    "reading_week": "A week",
    "reading_week_text": (
        "A week runs from Monday to Sunday, in Dutch time. Of a week that is over you see how it was at the end "
        "of the last day on which schools were closed. Of the running week you see how it is now.\n"
        "A figure of a past week may still change when a report comes later. The page of a municipality shows "
        "how that went."
    ),
    "reading_settling": "How past weeks changed",
    "reading_settling_text": (
        "Of each week that is over stands the number as it was known at the end of that week, and each week after it. "
        "It changes when a report comes later, when one is withdrawn or when the residence becomes known. A dash: "
        "there was no figure then.\n"
        "Who sees exact numbers can lay any moment beside now at Then, with what made the difference.\n"
        "It follows from when each report came in. The audit compares only the figure of now."
    ),
    "reading_change": "Change on last week",
    "reading_change_text": (
        "The change on last week compares where schools were closed in both weeks. A sector that reopens is "
        "therefore not a fall."
    ),
    "reading_yesterday": "Change since yesterday",
    "reading_yesterday_text": (
        "This compares the number of now with that of the end of yesterday, where schools were closed both times. "
        "Yesterday is what we know of it now. So a report about last week that comes today is not a change.\n"
        "The number of yesterday follows from the same reports as that of now. The audit compares only the number of "
        "now."
    ),
    "reading_during": "At some time in the week",
    "reading_during_text": (
        "These are all pupils who were not reached in that week on a day on which schools were closed, if only "
        "for a while. So it is never less than the number at the end of the week. It may not be added up over "
        "sectors or municipalities: a pupil who moves would count twice."
    ),
    "reading_over": "For over four weeks",
    "reading_over_text": (
        "These are the pupils who are not reached now, and have not been for 28 days or more without a break."
    ),
    "reading_long": "Not reached for how long",
    "reading_long_text": (
        "This divides the pupils who are not reached now by how long that has been so, without a break. Exactly one "
        "week is in 1 to 2 weeks. It is about places and sectors that are closed this week.\n"
        "The division follows from the reports of each pupil. On a day on which schools are closed, its sum is the "
        "number of pupils not reached. The audit compares that number, not the division."
    ),
    "reading_households": "Households",
    "reading_households_text": (
        "Of the pupils who are not reached now, each household counts once. If the household was not reported, "
        "the pupil is a household of one. Households of two municipalities or sectors may not be added up: it "
        "may be the same family."
    ),
    "reading_distinct": "Households and pupils together",
    "reading_distinct_text": (
        "Over municipalities or sectors together each household counts once, also with children in several sectors or "
        "municipalities. That is of pupils who are not reached now. If the household was not reported, the pupil is a "
        "household of one. So does each pupil who was not reached at some time in the week count once.\n"
        "These numbers follow from the reports themselves: they may not be added up. The audit compares the numbers by "
        "municipality and sector, not these."
    ),
    "reading_coverage": "No answer is not a zero",
    "reading_coverage_text": (
        "Beside each figure stands how many schools answered of how many. A school answers for a week when it "
        "has checked on all its pupils. If no school has answered and nobody was reported, there is a question "
        "mark and no zero.\n"
        "What a school says itself about the number of pupils it does not reach is kept apart. It does not count "
        "in the figure."
    ),
    "reading_schools": "School by school",
    "reading_schools_text": (
        "These are the schools in this municipality of which an answer is expected for the last week. On time is: "
        "before the end of the week. Of a school without an answer stands for how many closed weeks in a row it has "
        "not answered yet.\n"
        "The list follows from the register and the answers of schools. The audit compares how many schools answered, "
        "not the list itself."
    ),
    "reading_flow": "In and out",
    "reading_flow_text": (
        "The number at the end of a week is that of the week before, plus who was newly not reached, less who "
        "was reached again, plus who moved here, less who moved away. If that does not add up, something "
        "happened on a day on which schools were open. It is shown then."
    ),
    "reading_work": "Door visits and devices",
    "reading_work_text": (
        "These are the visits to the door and the laptops, tablets and internet connections lent in that week, "
        "on days on which schools were closed. One pupil may have been visited more than once."
    ),
    "reading_closure": "Closures",
    "reading_closure_text": (
        "There is a figure for a sector and a municipality only where schools were closed in that week, also if "
        "partly or with exceptions. When a closure is extended or cut short, the count follows at once."
    ),
    "reading_public": "What is public",
    "reading_public_text": (
        "Of a municipality that you do not work for you see what everyone may see: 0, ‘<5’ for 1 to 4, or the "
        "number from 5 on. Totals are added up from those. If one says ‘8-11’, the true number lies between. So "
        "no child can be worked out. Public figures change once a day."
    ),
    "reading_sure": "How sure is this?",
    "reading_sure_text": (
        "Two programs calculate in ways of their own. The audit compares their tables cell by cell. Beside "
        "each figure stands what the last audit found. At the top "
        "of each page stands of which moment the figures are, and whether all reports are in.\n"
        "A figure tells what was reported. It does not tell whether a school reported everyone: look at the "
        "answers of schools for that."
    ),
    "reading_private": "No names",
    "reading_private_text": (
        "There are no names of children in this system, only codes that nobody but who reports can trace. Small "
        "numbers are meant for those who work with them: do not pass them on. If you worry about the safety of a "
        "child, call Veilig Thuis. That does not belong in this system."
    ),
}
