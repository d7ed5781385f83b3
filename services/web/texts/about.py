"""The texts with which a number explains itself: as of when, how far answered, and the last audit."""

from __future__ import annotations

from typing import Final

DUTCH: Final = {
    "about": "uitleg",
    "about_what": "Uitleg: {what}",
    "about_more": "Meer over: {what}",
    "audit_none": "Controle: live is nog niet met een herberekening vergeleken.",
    "audit_equal": "Controle: live is gelijk aan herberekening, {at}.",
    "audit_equal_cells": "Controle: live is gelijk aan herberekening: {n} cellen, {at}.",
    "audit_equal_cells_one": "Controle: live is gelijk aan herberekening: 1 cel, {at}.",
    "audit_differs": "Controle: live is niet gelijk aan herberekening, {at}. Cijfers kunnen fout zijn.",
    "audit_differs_cells": (
        "Controle: live is niet gelijk aan herberekening: {n} van {m} cellen verschillen, {at}. "
        "Cijfers kunnen fout zijn."
    ),
    "public_of": (
        "Van gemeenten waar u niet voor werkt: publieke cijfers van {day}. ‘<5’ is 1 tot en met 4. Staat er "
        "‘8–11’, dan ligt het aantal daartussen."
    ),
    "public_none": "Van gemeenten waar u niet voor werkt zijn er nog geen publieke cijfers.",
    "cell_hint": "Elk getal opent: klik erop, of ga er met de pijltjes heen en druk op Enter.",
    "cell_answers": "Scholen die antwoordden: {n} van {m}",
    "cell_running": "Van de week die loopt: zoals het nu is.",
    "cell_past": (
        "Van een week die voorbij is: zoals het was aan het eind van de laatste dag dat de scholen dicht waren, "
        "naar wat nu bekend is."
    ),
    "cell_public": "Hierin zitten openbare cijfers: niet van nu, maar van de dag die hieronder staat.",
    "cell_hidden": "In deze week waren hier geen scholen gesloten, of het cijfer is nog niet openbaar.",
    "cell_off": "In deze week waren hier geen scholen gesloten.",
    "cell_none": "Dit cijfer is er hier niet. Er was geen sluiting of geen vorige week, of het is niet voor u.",
    "cell_silent": "Nog geen school antwoordde, en er is niemand gemeld. Dat is geen nul.",
    "cell_close": "Sluiten",
}

ENGLISH: Final = {
    "about": "explanation",
    "about_what": "About: {what}",
    "about_more": "More about: {what}",
    "audit_none": "Audit: live has not been compared with a recalculation yet.",
    "audit_equal": "Audit: live equals recalculation, {at}.",
    "audit_equal_cells": "Audit: live equals recalculation: {n} cells, {at}.",
    "audit_equal_cells_one": "Audit: live equals recalculation: 1 cell, {at}.",
    "audit_differs": "Audit: live does not equal recalculation, {at}. Figures may be wrong.",
    "audit_differs_cells": (
        "Audit: live does not equal recalculation: {n} of {m} cells differ, {at}. Figures may be wrong."
    ),
    "public_of": (
        "Of municipalities that you do not work for: public figures of {day}. ‘<5’ is 1 to 4. If it says ‘8–11’, "
        "the number lies between."
    ),
    "public_none": "Of municipalities that you do not work for there are no public figures yet.",
    "cell_hint": "Every number opens: click on it, or go there with the arrow keys and press Enter.",
    "cell_answers": "Schools that answered: {n} of {m}",
    "cell_running": "Of the week that runs: as it is now.",
    "cell_past": (
        "Of a week that is over: as it was at the end of the last day on which schools were closed, "
        "by what is known now."
    ),
    "cell_public": "Public figures are in it: not of now, but of the day told below.",
    "cell_hidden": "No schools were closed here in this week, or the figure is not public yet.",
    "cell_off": "No schools were closed here in this week.",
    "cell_none": "This figure is not there here. There was no closure or no previous week, or it is not for you.",
    "cell_silent": "No school has answered yet, and nobody was reported. That is not a zero.",
    "cell_close": "Close",
}
