"""The alerts about the parts of a system: the desks, what carries reports to the ledger, the view, its audit."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.grafana.alert import Alert

__all__ = ["of_parts"]


def of_parts() -> Iterator[Alert]:
    """Give the rules of the parts that take reports in, carry and count them."""
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
