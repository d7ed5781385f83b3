"""What was rejected anywhere: listed, and given once more when what was wrong has been put right."""

from services.rejected.again import Again, Outcome, give_again
from services.rejected.corrected import Correction, read_corrected
from services.rejected.listing import IN_LEDGER, Listed, Wanted, list_rejected

__all__ = [
    "IN_LEDGER",
    "Again",
    "Correction",
    "Listed",
    "Outcome",
    "Wanted",
    "give_again",
    "list_rejected",
    "read_corrected",
]
