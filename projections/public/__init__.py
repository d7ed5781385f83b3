"""What everyone may know: numbers from which no child can be worked out."""

from projections.public.ranges import Range

__all__ = ["Range"]
