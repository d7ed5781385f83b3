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
}
