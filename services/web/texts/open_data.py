"""The texts of the page about the open data."""

from __future__ import annotations

from typing import Final

DUTCH: Final = {
    "open_data": "Open data",
    "open_data_lead": "Wat iedereen mag weten over leerlingen die niet bereikt worden, als tabel om mee te nemen.",
    "open_data_what": "Wat het is",
    "open_data_hidden": "Zo is uit de tabellen samen geen kind te herleiden.",
    "open_data_licence": "Wat u ermee mag",
    "open_data_licence_text": "Alles, zonder voorwaarden en zonder te vragen:",
    "open_data_days": "De dagen die er zijn",
    "open_data_newest": "De nieuwste tabel is van {day}. Er zijn er {n} in totaal.",
    "open_data_none": "Er is nog geen tabel. De eerste komt als een dag begint.",
    "open_data_day": "Dag",
    "open_data_unreached": "Per gemeente, sector en week",
    "open_data_areas": "Opgeteld per gebied",
    "open_data_columns": "De kolommen",
    "open_data_column": "Kolom",
    "open_data_meaning": "Wat erin staat",
    "open_data_programs": "Voor programma's",
    "open_data_programs_text": (
        "Deze adressen geven de nieuwste tabel; met ?date=2020-04-01 erachter die van een dag. Elke site mag ze lezen."
    ),
    "open_data_file_1": "de tabel, ook als .json",
    "open_data_file_2": "opgeteld per gebied, ook als .json",
    "open_data_file_3": "alle dagen waarvan er een tabel is",
    "open_data_file_4": "wat elke kolom betekent",
    "open_data_file_5": "de beschrijving voor datacatalogi (DCAT-AP-NL)",
    "open_data_footer": "Hier staan alleen cijfers die iedereen mag zien.",
}

ENGLISH: Final = {
    "open_data": "Open data",
    "open_data_lead": "What everyone may know about pupils who are not reached, as a table to take along.",
    "open_data_what": "What it is",
    "open_data_hidden": "So no child can be worked out from all the tables together.",
    "open_data_licence": "What you may do with it",
    "open_data_licence_text": "Anything, without conditions and without asking:",
    "open_data_days": "The days that there are",
    "open_data_newest": "The newest table is of {day}. There are {n} in all.",
    "open_data_none": "There is no table yet. The first comes as a day begins.",
    "open_data_day": "Day",
    "open_data_unreached": "By municipality, sector and week",
    "open_data_areas": "Added up by area",
    "open_data_columns": "The columns",
    "open_data_column": "Column",
    "open_data_meaning": "What is in it",
    "open_data_programs": "For programs",
    "open_data_programs_text": (
        "These addresses give the newest table; with ?date=2020-04-01, that of a day. Every site may read them."
    ),
    "open_data_file_1": "the table, also as .json",
    "open_data_file_2": "added up by area, also as .json",
    "open_data_file_3": "all days of which there is a table",
    "open_data_file_4": "what each column means",
    "open_data_file_5": "the description for catalogues of data (DCAT-AP-NL)",
    "open_data_footer": "Only figures that everyone may see are here.",
}
