"""The alerts about what goes wrong over years: servers, room, certificates, the archive, the term of retention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from deploy.grafana.alert import Alert

__all__ = ["of_keeping"]

_ELSE_WELL: Final = " or on () vector(0)"
"""Where there is nothing of the kind (one server has no other copies, no TLS, no archive), nothing is the matter."""
_STORED: Final = 0.8
"""A server's store is nearly full when more than this part of the most that it takes is in it."""
_FULL: Final = "max {by}(1 - kib_{what}_disk_free_bytes / kib_{what}_disk_bytes) > bool 0.9"
_NOTICE: Final = 30 * 24 * 3600
"""Seconds before its end from which a certificate is warned of."""


def of_keeping() -> Iterator[Alert]:
    """Give the rules. The pages tell what they ask for; that the pages are there is asked by `view-behind`."""
    yield Alert(
        "ledger-copy",
        "operations",
        "Een server van het grootboek is weg of loopt achter",
        "Server {{ $labels.server }} heeft al 5 minuten niet alles van het grootboek.",
        # Over two minutes, so that no good look between two evaluations is missed; how long it lasts is counted by the
        # rule, for a server that has only just been told of has no five minutes behind it.
        f"min by (server) (max_over_time(kib_ledger_copy_current[2m])) < bool 1{_ELSE_WELL}",
        "5m",
        "OK",
        "critical",
    )
    yield Alert(
        "ledger-full",
        "operations",
        "Het grootboek raakt vol",
        "Server {{ $labels.server }} heeft meer dan 80 % van de ruimte voor het grootboek in gebruik.",
        f"max by (server) (kib_ledger_store_used_bytes / kib_ledger_store_limit_bytes) > bool {_STORED}{_ELSE_WELL}",
        "5m",
        "OK",
        "critical",
    )
    yield Alert(
        "certificate-ends",
        "operations",
        "Een certificaat van het grootboek loopt af",
        "Certificaat {{ $labels.certificate }} van het grootboek is minder dan 30 dagen geldig, of niet meer.",
        f"min by (certificate) (kib_ledger_certificate_end_timestamp_seconds) < bool time() + {_NOTICE}{_ELSE_WELL}",
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "archive-failing",
        "operations",
        "Het archief kan niet worden bijgewerkt",
        "Het archief kan al een uur niet worden bijgewerkt: sindsdien lukte het geen keer.",
        f"max(kib_archive_failing_seconds) > bool 3600{_ELSE_WELL}",
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "archive-behind",
        "operations",
        "Het archief is ver achter",
        "Het archief is veel langer achter het grootboek dan het bijwerken duurt, of niemand werkt het bij.",
        "max(kib_archive_behind_seconds + time() - kib_archive_looked_timestamp_seconds)"
        f" > bool 3600 + 3 * max(kib_archive_wait_seconds){_ELSE_WELL}",
        "5m",
        "OK",
        "warning",
    )
    yield Alert(
        "retention-over",
        "operations",
        "De bewaartermijn is voorbij",
        "De bewaartermijn na de laatste sluiting is voorbij: alle leerlingen moeten worden gewist.",
        f"max(kib_retention_due_timestamp_seconds) < bool time(){_ELSE_WELL}",
        "0s",
        "OK",
        "critical",
    )
    yield Alert(
        "disk-full",
        "operations",
        "De schijf raakt vol",
        "Van de schijf met de gegevens van {{ $labels.part }} is minder dan een tiende vrij.",
        f'label_replace({_FULL.format(by="", what="data")}, "part", "de pagina\'s", "", "") or '
        f'label_replace({_FULL.format(by="by (desk) ", what="desk")}, "part", "loket $1", "desk", "(.*)")',
        "5m",
        "OK",
        "critical",
    )
