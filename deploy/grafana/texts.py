"""What panels mean, in the words of docs/count.md, in Dutch: each is the description of a panel."""

from __future__ import annotations

from typing import Final

__all__ = ["MEANING"]

_LAST: Final = " Van de laatste week waarvan iets bekend is."

MEANING: Final = {
    "unreached": "Leerlingen die niet bereikt worden en hier wonen, aan het eind van de week, van de laatste gesloten"
    " dag daarin of van nu, wat het eerst komt.",
    "longer": "Van de niet bereikte leerlingen: wie 28 dagen (28 × 24 uur) of langer niet bereikt wordt.",
    "change": "Niet bereikt in de laatste week, min niet bereikt in de week daarvoor. Een streepje: er was geen week"
    " daarvoor.",
    "coverage": "Scholen die voor de week geantwoord hebben, als deel van de scholen die verwacht worden. Geen antwoord"
    " is geen nul.",
    "as_of": "Het moment waarvan alle cijfers hier zijn.",
    "flows": "Nieuw: perioden van niet bereikt zijn die in de week beginnen. Weer bereikt: perioden die in de week"
    " eindigen. Erbij en eraf: verhuizingen van niet bereikte leerlingen. Alleen op gesloten dagen.",
    "visits": "Huisbezoeken in de week, op gesloten dagen, naar wat ze opleverden.",
    "devices": "Apparaten die in de week op gesloten dagen zijn uitgeleend.",
    "areas": "De laatste week waarvan iets bekend is: niet bereikt, langer dan 4 weken, scholen die verwacht worden en"
    " scholen die antwoordden.",
    "weeks": "De rijen van de telling zoals ze zijn. Huishoudens en 'in de week' tellen verschillende huishoudens en"
    " leerlingen: tel die niet op over rijen.",
    "last": _LAST,
    "ready": "1: de getoonde cijfers zijn die van het grootboek. 0: niet; /health/ready zegt waarom.",
    "audit": "1: bij de laatste controle was de live tabel gelijk aan de herberekening. 0: er waren verschillen.",
    "behind": "Hoe lang de live tabel achter het grootboek is.",
    "backlog": "Meldingen die een loket heeft aangenomen en die nog niet in het grootboek staan.",
    "carried": "Meldingen per seconde die een loket naar het grootboek brengt.",
    "answers": "Antwoorden per seconde van de loketten, naar uitkomst.",
    "refused": "Geweigerde meldingen per minuut, naar loket, veld en regel. Nooit de inhoud.",
    "reached": "1: het loket bereikte het grootboek de laatste keer. 0: niet.",
    "desk_ready": "1: het loket kan meldingen bewaren. 0: niet.",
    "applied": "Berichten per seconde die in de live tabel zijn verwerkt.",
    "apply_time": "Hoe lang een transactie van de live tabel duurt: de helft is sneller dan p50, 95 % sneller dan p95,"
    " 99 % sneller dan p99.",
    "open": "Hoeveel pagina's nu openstaan en zichzelf bijwerken.",
    "set_aside": "Berichten in het grootboek die niet gelezen konden worden en apart zijn gezet.",
    "copies": "1: de server is er en heeft alles van het grootboek. 0: niet. Leeg bij een grootboek van één server.",
    "room": "Welk deel van de schijven met de gegevens in gebruik is, en bij een grootboek van meer servers welk deel"
    " van wat elke server mag bewaren.",
    "archive": "Hoe lang het archief achter het grootboek is.",
    "certificates": "Hoe lang de certificaten van het grootboek nog geldig zijn. Leeg zonder TLS.",
    "copy": "Hoeveel berichten de tabellen in PostgreSQL achter het grootboek zijn.",
}
