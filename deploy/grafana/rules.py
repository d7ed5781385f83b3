"""The alerts: what somebody has to look at, without telling any number of pupils.

A rule's query gives 1 or 0 for each place or part, so that a message of Grafana's, which carries the value, cannot
carry a figure that its reader may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from grafana_foundation_sdk.builders import alerting as build
from grafana_foundation_sdk.builders import expr
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.models import alerting as model
from grafana_foundation_sdk.models import dashboard

from deploy.grafana.alert import Alert
from deploy.grafana.alerts_of_counts import of_counts
from deploy.grafana.alerts_of_keeping import of_keeping
from deploy.grafana.alerts_of_parts import of_parts
from deploy.grafana.names import OPERATIONS, Names
from deploy.grafana.panels import Sql, SqlQuery

__all__ = ["GROUPS", "RUNBOOK", "alerts", "groups"]

RUNBOOK: Final = "docs/operations.md"
GROUPS: Final = {"counts": ("Kind in beeld: telling", 300), "operations": ("Kind in beeld: systeem", 60)}
"""The two groups of rules: the title of each, and seconds between two evaluations."""


def alerts(names: Names, coverage: float) -> Iterator[Alert]:
    """Every rule; ``coverage``: the part of the schools (0 to 1) under which an answered week is too little."""
    yield from of_counts(names, coverage)
    yield from of_parts()
    yield from of_keeping()


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
