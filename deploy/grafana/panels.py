"""What a panel is made of: a query, a title, and the definition of what it shows. Built by Grafana's own types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders import common, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.names import COUNTS, OPERATIONS, TAG, Names

__all__ = ["Sql", "SqlQuery", "begin", "figure", "lines", "query_variable", "rows"]

_TIME: Final = "time_series"
_TABLE: Final = "table"


@dataclass
class SqlQuery(variants.Dataquery):
    """A query of Grafana's PostgreSQL data source, which its types do not have."""

    sql: str
    uid: str
    format: str = _TABLE
    ref_id: str = "A"

    def to_json(self) -> dict[str, object]:
        """Give it as Grafana keeps it."""
        return {
            "refId": self.ref_id,
            "datasource": {"type": COUNTS, "uid": self.uid},
            "editorMode": "code",
            "format": self.format,
            "rawQuery": True,
            "rawSql": self.sql,
        }


class Sql(cog.Builder[variants.Dataquery]):
    """The builder of an SqlQuery."""

    def __init__(self, query: SqlQuery) -> None:
        self._internal = query

    def build(self) -> variants.Dataquery:
        """Give it."""
        return self._internal


def begin(names: Names, uid: str, title: str, description: str, *, since: str) -> build.Dashboard:
    """Begin a dashboard; ``since``: how far back it looks at first (``now-30w``)."""
    link = build.DashboardLink("Kind in beeld").type(model.DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True)
    return (
        build.Dashboard(names.title(title))
        .uid(names.uid(uid))
        .description(description)
        .tags([TAG] if names.area is None else [TAG, names.area])
        .timezone("Europe/Amsterdam")
        .week_start("monday")
        .time(since, "now")
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(link)
    )


def query_variable(names: Names, name: str, label: str, sql: str) -> build.QueryVariable:
    """Give a variable whose values a query of the counts gives, as ``__text`` and ``__value``."""
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(model.DataSourceRef(COUNTS, names.counts))
        .query(sql)
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(model.VariableSort.DISABLED)
        .multi(False)
        .include_all(False)
    )


def _target(names: Names, query: str, format: str, ref: str, legend: str = "") -> Any:
    if query.lstrip().upper().startswith(("SELECT", "WITH")):
        return Sql(SqlQuery(query, names.counts, format, ref))
    asked = prom.Dataquery().expr(query).ref_id(ref).legend_format(legend or "__auto")
    asked.datasource(model.DataSourceRef(OPERATIONS, names.operations))
    return asked.range() if format == _TIME else asked.instant()


def _complete(
    panel: Any, names: Names, title: str, description: str, asked: Sequence[Any], width: int
) -> cog.Builder[model.Panel]:
    source = asked[0].build()
    is_sql = isinstance(source, SqlQuery)
    uid, kind = (names.counts, COUNTS) if is_sql else (names.operations, OPERATIONS)
    panel.title(title).description(description).span(width).datasource(model.DataSourceRef(kind, uid))
    for each in asked:
        panel.with_target(each)
    built: cog.Builder[model.Panel] = panel
    return built


def figure(
    names: Names, title: str, description: str, query: str, *, unit: str = "none", width: int = 4
) -> cog.Builder[model.Panel]:
    """One number, large."""
    panel = (
        stat.Panel()
        .height(4)
        .unit(unit)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .color_mode(kinds.BigValueColorMode.NONE)
        .text_mode(kinds.BigValueTextMode.VALUE)
        .no_value("–")
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/").values(False))
    )
    return _complete(panel, names, title, description, [_target(names, query, _TABLE, "A")], width)


def lines(
    names: Names,
    title: str,
    description: str,
    queries: str | dict[str, str],
    *,
    unit: str = "none",
    width: int = 12,
    steps: bool = False,
) -> cog.Builder[model.Panel]:
    """Numbers over time: of one query with its own names, or of several by the names that they are given.

    ``steps``: points of a week are weeks, drawn as bars and not joined up.
    """
    several = {"": queries} if isinstance(queries, str) else queries
    asked = [
        _target(names, query, _TIME, chr(ord("A") + number), legend)
        for number, (legend, query) in enumerate(several.items())
    ]
    panel = (
        timeseries.Panel()
        .height(8)
        .unit(unit)
        .min(0)
        .line_width(1 if steps else 2)
        .draw_style(kinds.GraphDrawStyle.BARS if steps else kinds.GraphDrawStyle.LINE)
        .fill_opacity(60 if steps else 0)
        .show_points(kinds.VisibilityMode.AUTO)
        .legend(common.VizLegendOptions().display_mode(kinds.LegendDisplayMode.LIST).show_legend(True))
    )
    if steps:
        panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
    return _complete(panel, names, title, description, asked, width)


def rows(
    names: Names, title: str, description: str, query: str, *, width: int = 24, link: tuple[str, str] | None = None
) -> cog.Builder[model.Panel]:
    """A table; ``link``: the column whose values lead to an address."""
    panel = table.Panel().height(10).filterable(True).show_header(True)
    if link is not None:
        column, address = link
        shown = {"title": "Bekijk", "url": address}
        panel.override_by_name(column, [model.DynamicConfigValue("links", [shown])])
    return _complete(panel, names, title, description, [_target(names, query, _TABLE, "A")], width)
