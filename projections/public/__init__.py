"""What everyone may know: numbers from which no child can be worked out (docs/public.md says why)."""

from projections.public.ranges import Range
from projections.public.snapshot import Snapshot
from projections.public.store import PublicStore
from projections.public.taking import take_snapshot

__all__ = ["PublicStore", "Range", "Snapshot", "take_snapshot"]
