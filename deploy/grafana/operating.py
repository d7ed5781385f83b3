"""The dashboard of the machine: whether the numbers shown are the ledger's, and where reports wait."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from deploy.grafana.names import Names
from deploy.grafana.panels import begin, figure, lines
from deploy.grafana.texts import MEANING

__all__ = ["operations"]

_APPLY = "histogram_quantile({q}, sum by (le) (rate(kib_view_apply_duration_seconds_bucket[5m])))"


def operations(names: Names) -> build.Dashboard:
    """How the system is doing, by its metrics; of pupils it tells nothing."""
    board = begin(names, "operations", "Beheer", "Hoe het met het systeem zelf gaat.", since="now-6h").refresh("30s")
    copy = f'SELECT ledger_end - position AS "Achter" FROM {names.schema}.state'
    for panel in (
        figure(names, "Cijfers zijn actueel", MEANING["ready"], "min(kib_page_ready)"),
        figure(names, "Controle gelijk", MEANING["audit"], "min(kib_audit_equal)"),
        figure(names, "Achter het grootboek", MEANING["behind"], "max(kib_view_behind_seconds)", unit="s"),
        figure(names, "PostgreSQL achter", MEANING["copy"], copy),
        figure(names, "Open pagina's", MEANING["open"], "sum(kib_page_open_pages)"),
        figure(names, "Apart gezet", MEANING["set_aside"], "max(kib_view_set_aside_messages)"),
        lines(names, "Wacht op het grootboek", MEANING["backlog"], {"{{desk}}": "sum by (desk) (kib_desk_backlog)"}),
        lines(
            names,
            "Naar het grootboek gebracht",
            MEANING["carried"],
            {"{{desk}}": "sum by (desk) (rate(kib_desk_carried_total[5m]))"},
            unit="cps",
        ),
        lines(
            names,
            "Antwoorden van de loketten",
            MEANING["answers"],
            {"{{fate}}": "sum by (fate) (rate(kib_desk_answers_total[5m]))"},
            unit="cps",
        ),
        lines(
            names,
            "Geweigerd",
            MEANING["refused"],
            {"{{desk}} {{field}} {{rule}}": "sum by (desk, field, rule) (60 * rate(kib_desk_refused_total[5m]))"},
        ),
        lines(
            names,
            "Verwerkt in de live tabel",
            MEANING["applied"],
            {"berichten": "sum(rate(kib_view_applied_messages_total[5m]))"},
            unit="cps",
        ),
        lines(
            names,
            "Duur van een transactie",
            MEANING["apply_time"],
            {f"p{round(100 * q)}": _APPLY.format(q=q) for q in (0.5, 0.95, 0.99)},
            unit="s",
        ),
        lines(names, "Achter het grootboek", MEANING["behind"], {"achter": "max(kib_view_behind_seconds)"}, unit="s"),
        lines(names, "Open pagina's", MEANING["open"], {"open": "sum(kib_page_open_pages)"}),
        lines(
            names,
            "Grootboek bereikt",
            MEANING["reached"],
            {"{{desk}}": "min by (desk) (kib_desk_ledger_reached)"},
        ),
        lines(names, "Loket neemt aan", MEANING["desk_ready"], {"{{desk}}": "min by (desk) (kib_desk_ready)"}),
        lines(
            names,
            "Kopieën van het grootboek",
            MEANING["copies"],
            {"{{server}}": "min by (server) (kib_ledger_copy_current)"},
        ),
        lines(
            names,
            "Schijf en grootboek in gebruik",
            MEANING["room"],
            {
                "schijf van de pagina's": "max(1 - kib_data_disk_free_bytes / kib_data_disk_bytes)",
                "schijf van {{desk}}": "max by (desk) (1 - kib_desk_disk_free_bytes / kib_desk_disk_bytes)",
                "{{server}}": "max by (server) (kib_ledger_store_used_bytes / kib_ledger_store_limit_bytes)",
            },
            unit="percentunit",
        ),
        lines(
            names,
            "Archief achter het grootboek",
            MEANING["archive"],
            {"achter": "max(kib_archive_behind_seconds)"},
            unit="s",
        ),
        lines(
            names,
            "Certificaten nog geldig",
            MEANING["certificates"],
            {"{{certificate}}": "min by (certificate) (kib_ledger_certificate_end_timestamp_seconds) - time()"},
            unit="s",
        ),
    ):
        board.with_panel(panel)
    return board
