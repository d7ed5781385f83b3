"""The ledger as the services use it: connecting, publishing many events, reading it from one end to the other."""

from services.ledger.connecting import Ledger, connect, explain
from services.ledger.publishing import LedgerRefused, Publisher
from services.ledger.reading import Entry, RejectedMessage, last_sequence, read_ledger, read_rejected, read_resolved

__all__ = [
    "Entry",
    "Ledger",
    "LedgerRefused",
    "Publisher",
    "RejectedMessage",
    "connect",
    "explain",
    "last_sequence",
    "read_ledger",
    "read_rejected",
    "read_resolved",
]
