"""The alerts: what somebody has to look at, without telling any number of pupils.

A rule's query gives 1 or 0 for each place or part, so that a message of Grafana's, which carries the value, cannot
carry a figure that its reader may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders import alerting as build
from grafana_foundation_sdk.builders import expr
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.models import alerting as model
from grafana_foundation_sdk.models import dashboard

from deploy.grafana.names import OPERATIONS, Names
from deploy.grafana.panels import Sql, SqlQuery
from deploy.grafana.sql import Questions

__all__ = ["GROUPS", "RUNBOOK", "Alert", "alerts", "groups"]

RUNBOOK: Final = "docs/operations.md"
GROUPS: Final = {"counts": ("Kind in beeld: telling", 300), "operations": ("Kind in beeld: systeem", 60)}
"""The two groups of rules: the title of each, and seconds between two evaluations."""

_RISING: Final = (5, 0.2)
"""A municipality's count is rising when it is higher by this number and by this part of what it was."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule. ``query``: 1 where it holds, else 0; ``lasting``: for how long before it fires (``5m``)."""

    name: str
    group: str
    title: str
    summary: str
    query: str
    lasting: str
    no_data: str
    severity: str


def alerts(names: Names, coverage: float) -> Iterator[Alert]:
    """Every rule; ``coverage``: the part of the schools (0 to 1) under which an answered week is too little."""
    s, latest = names.schema, Questions(names.schema).latest
    where = '"Gemeente"'
    yield Alert(
        "count-rising",
        "counts",
        "Meer leerlingen niet bereikt",
        "In {{ $labels.Gemeente }} worden duidelijk meer leerlingen niet bereikt dan een week eerder.",
        f"""SELECT name AS {where}, (more >= {_RISING[0]} AND more > {_RISING[1]} * before)::int AS value FROM (
SELECT municipality, sum(now) - sum(before) AS more, sum(before) AS before FROM (
SELECT municipality, sector, sum(unreached) FILTER (WHERE week_start = {latest}) AS now,
sum(unreached) FILTER (WHERE week_start < {latest}) AS before
FROM {s}.counts WHERE week_start > {latest} - interval '8 days' GROUP BY 1, 2
) AS sectors WHERE before IS NOT NULL AND now IS NOT NULL GROUP BY 1
) AS weeks JOIN {s}.municipalities ON code = municipality""",
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "over-4-weeks",
        "counts",
        "Langer dan 4 weken niet bereikt",
        "In {{ $labels.Gemeente }} zijn leerlingen langer dan 4 weken niet bereikt.",
        f"""SELECT coalesce(m.name, 'Woonplaats onbekend') AS {where}, (sum(unreached_over_4_weeks) > 0)::int AS value
FROM {s}.counts LEFT JOIN {s}.municipalities AS m ON m.code = municipality WHERE week_start = {latest} GROUP BY 1""",
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "coverage-low",
        "counts",
        "Te weinig scholen antwoordden",
        "In {{ $labels.Gemeente }} antwoordden te weinig scholen voor de laatste hele week.",
        f"""SELECT m.name AS {where}, (sum(schools_reported) < {coverage:g} * sum(schools_expected))::int AS value
FROM {s}.coverage JOIN {s}.municipalities AS m ON m.code = municipality
WHERE week_start = (SELECT max(week_start) FROM {s}.coverage
WHERE (week_start AT TIME ZONE 'Europe/Amsterdam' + interval '7 days') AT TIME ZONE 'Europe/Amsterdam'
<= (SELECT as_of FROM {s}.state)) GROUP BY 1""",
        "0s",
        "OK",
        "warning",
    )
    yield from _machine()


def _machine() -> Iterator[Alert]:
    yield Alert(
        "view-behind",
        "operations",
        "De cijfers zijn achter",
        "De live tabel is al minuten meer dan een minuut achter het grootboek, of niemand weet hoe ver.",
        "max(kib_view_behind_seconds) > bool 60",
        "3m",
        "Alerting",
        "critical",
    )
    yield Alert(
        "audit-differs",
        "operations",
        "De controle vond verschillen",
        "De live tabel was niet gelijk aan de herberekening.",
        "min(kib_audit_equal) < bool 1",
        "0s",
        "OK",
        "critical",
    )
    yield Alert(
        "reports-rejected",
        "operations",
        "Veel meldingen geweigerd",
        "Loket {{ $labels.desk }} weigerde in een kwartier meer dan 20 meldingen.",
        'sum by (desk) (increase(kib_desk_answers_total{fate=~"rejected|conflict|forbidden"}[15m])) > bool 20',
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "desk-stuck",
        "operations",
        "Een loket neemt niets aan",
        "Loket {{ $labels.desk }} kan geen meldingen bewaren of antwoordt niet.",
        'min by (desk) (kib_desk_ready) < bool 1 or min by (desk) (up{job="kindinbeeld-desks"}) < bool 1',
        "2m",
        "Alerting",
        "critical",
    )
    yield Alert(
        "relay-stuck",
        "operations",
        "Meldingen komen niet in het grootboek",
        "Loket {{ $labels.desk }} heeft meldingen liggen en brengt er geen naar het grootboek.",
        "min by (desk) (min_over_time(kib_desk_backlog[5m])) > bool 0"
        " and on (desk) (sum by (desk) (increase(kib_desk_carried_total[5m])) == 0)"
        " or 0 * min by (desk) (kib_desk_backlog)",
        "2m",
        "OK",
        "critical",
    )


def groups(names: Names, coverage: float, receiver: str | None, docs: str | None) -> list[Any]:
    """Build the groups of rules; without a ``receiver`` they go where the organisation sends its alerts."""
    made = []
    every = list(alerts(names, coverage))
    for group, (title, interval) in GROUPS.items():
        built = build.RuleGroup(names.title(title)).folder_uid(names.folder).interval(interval)
        for alert in every:
            if alert.group == group:
                built.with_rule(_rule(names, alert, names.title(title), receiver, docs))
        made.append(built.build())
    return made


def _rule(names: Names, alert: Alert, group: str, receiver: str | None, docs: str | None) -> build.Rule:
    section = f"#alert-{alert.name}"
    notes = {"summary": alert.summary, "runbook": RUNBOOK + section}
    if docs:
        notes["runbook_url"] = docs.rstrip("/") + "/" + RUNBOOK + section
    rule = (
        build.Rule(names.title(alert.title))
        .uid(names.uid(alert.name))
        .condition("C")
        .folder_uid(names.folder)
        .rule_group(group)
        .org_id(1)
        .for_val(alert.lasting)
        .exec_err_state("Error")
        .no_data_state(alert.no_data)  # type: ignore[arg-type]
        .is_paused(False)
        .labels({"kindinbeeld": alert.name, "severity": alert.severity})
        .annotations(notes)
        .with_query(_query(names, alert))
        .with_query(_threshold())
    )
    return rule.notification_settings(build.NotificationSettings().receiver(receiver)) if receiver else rule


def _query(names: Names, alert: Alert) -> build.Query:
    query = build.Query("A").relative_time_range(model.RelativeTimeRange(600, 0))
    if alert.group == "counts":
        return query.datasource_uid(names.counts).model(Sql(SqlQuery(alert.query, names.counts)))
    asked = prom.Dataquery().expr(alert.query).instant().ref_id("A")
    asked.datasource(dashboard.DataSourceRef(OPERATIONS, names.operations))
    return query.datasource_uid(names.operations).model(asked)


def _threshold() -> build.Query:
    over = expr.ExprTypeThresholdConditionsEvaluator().params([0]).type("gt")
    asked = (
        expr.TypeThreshold()
        .expression("A")
        .ref_id("C")
        .conditions([expr.ExprTypeThresholdConditions().evaluator(over)])
    )
    asked.datasource(dashboard.DataSourceRef("__expr__", "__expr__"))
    return build.Query("C").datasource_uid("__expr__").relative_time_range(model.RelativeTimeRange(0, 0)).model(asked)
