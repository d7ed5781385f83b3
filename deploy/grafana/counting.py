"""The dashboards of the counts: the country, a safety region, a municipality."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.names import COUNTS, Names
from deploy.grafana.panels import Sql, SqlQuery, begin, figure, lines, query_variable, rows
from deploy.grafana.sql import SECTORS, Questions
from deploy.grafana.texts import MEANING

__all__ = ["country", "municipality", "region"]

_FLOWS = {"Nieuw": "newly_lost", "Weer bereikt": "restored", "Erbij": "moved_in", "Eraf": "moved_out"}
_VISITS = {
    "Contact": "door_visits_contact",
    "Niemand thuis": "door_visits_no_answer",
    "Verhuisd": "door_visits_moved_away",
    "Geweigerd": "door_visits_refused",
}
_DEVICES = {"Laptop": "devices_lent_laptop", "Tablet": "devices_lent_tablet", "Internet": "devices_lent_internet"}
_REGION = "municipality IN (SELECT code FROM {schema}.municipalities WHERE region = ${{regio:sqlstring}})"
_IN_REGION = (
    "municipalities IS NULL OR EXISTS (SELECT FROM {schema}.municipalities AS m WHERE m.region ="
    " ${{regio:sqlstring}} AND m.code = ANY(municipalities))"
)


def country(names: Names) -> build.Dashboard:
    """The whole of what this publication sees: the country, or an area's own municipalities."""
    asked = Questions(names.schema)
    if names.area is not None:
        board = begin(names, "country", "Overzicht", f"Niet bereikte leerlingen in {names.area}.", since="now-30w")
        _common(board, names, asked)
        return board.with_panel(_by_municipality(names, asked))
    board = begin(names, "country", "Land", "Niet bereikte leerlingen in het hele land, per week.", since="now-30w")
    _common(board, names, asked)
    link = ("Veiligheidsregio", f"/d/{names.uid('region')}?var-regio=${{__data.fields.Code}}&${{__url_time_range}}")
    return board.with_panel(
        rows(names, "Per veiligheidsregio", MEANING["areas"], asked.by_area(regions=True), link=link)
    )


def region(names: Names) -> build.Dashboard:
    """One safety region, chosen by a variable."""
    schema = names.schema
    asked = Questions(schema, _REGION.format(schema=schema), _IN_REGION.format(schema=schema))
    board = begin(
        names, "region", "Veiligheidsregio", "Niet bereikte leerlingen in één veiligheidsregio.", since="now-30w"
    ).with_variable(query_variable(names, "regio", "Veiligheidsregio", asked.regions()))
    _common(board, names, asked)
    return board.with_panel(_by_municipality(names, asked))


def municipality(names: Names) -> build.Dashboard:
    """One municipality, or residence unknown, chosen by a variable."""
    asked = Questions(
        names.schema,
        "municipality = ${gemeente:sqlstring}",
        "municipalities IS NULL OR ${gemeente:sqlstring} = ANY(municipalities)",
    )
    board = begin(
        names, "municipality", "Gemeente", "Niet bereikte leerlingen in één gemeente, met de weken.", since="now-30w"
    ).with_variable(query_variable(names, "gemeente", "Gemeente", asked.municipalities()))
    _common(board, names, asked)
    return board.with_panel(rows(names, "Week voor week", MEANING["weeks"], asked.weeks()))


def _by_municipality(names: Names, asked: Questions) -> Builder[model.Panel]:
    link = ("Gemeente", f"/d/{names.uid('municipality')}?var-gemeente=${{__data.fields.Code}}&${{__url_time_range}}")
    return rows(names, "Per gemeente", MEANING["areas"], asked.by_area(regions=False), link=link)


def _sectors() -> build.CustomVariable:
    values = ", ".join(f"{name} : {code}" for code, name in SECTORS.items())
    options = [model.VariableOption(False, name, code) for code, name in SECTORS.items()]
    every = model.VariableOption(True, ["All"], ["$__all"])
    chosen: Any = build.CustomVariable("sector").label("Sector").values(values).multi(True).include_all(True)
    return chosen.options([model.VariableOption(True, "All", "$__all"), *options]).current(every)  # type: ignore[no-any-return]


def _common(board: build.Dashboard, names: Names, asked: Questions) -> None:
    """Put on a dashboard what all three show."""
    board.with_variable(_sectors()).annotation(_closures(names, asked))
    last = MEANING["last"]
    for panel in (
        figure(names, "Niet bereikt", MEANING["unreached"] + last, asked.now("unreached", "Niet bereikt")),
        figure(
            names,
            "Langer dan 4 weken",
            MEANING["longer"] + last,
            asked.now("unreached_over_4_weeks", "Langer"),
            width=5,
        ),
        figure(names, "Sinds vorige week", MEANING["change"], asked.change(), width=5),
        figure(
            names, "Scholen die antwoordden", MEANING["coverage"] + last, asked.answered(), unit="percentunit", width=5
        ),
        figure(names, "Stand van", MEANING["as_of"], asked.as_of(), unit="dateTimeAsIso", width=5),
        lines(names, "Niet bereikt per week", MEANING["unreached"], asked.by_sector("unreached"), steps=True),
        lines(names, "Langer dan 4 weken", MEANING["longer"], asked.by_sector("unreached_over_4_weeks"), steps=True),
        lines(names, "Erbij en eraf", MEANING["flows"], asked.measures(_FLOWS)),
        lines(names, "Dekking", MEANING["coverage"], asked.coverage_by_sector(), unit="percentunit"),
        lines(names, "Huisbezoeken", MEANING["visits"], asked.measures(_VISITS), steps=True),
        lines(names, "Uitgeleende apparaten", MEANING["devices"], asked.measures(_DEVICES), steps=True),
    ):
        board.with_panel(panel)


def _closures(names: Names, asked: Questions) -> build.AnnotationQuery:
    target: Any = Sql(SqlQuery(asked.closures(), names.counts))
    return (
        build.AnnotationQuery()
        .name("Sluitingen")
        .datasource(model.DataSourceRef(COUNTS, names.counts))
        .enable(True)
        .icon_color("orange")
        .target(target)
    )
