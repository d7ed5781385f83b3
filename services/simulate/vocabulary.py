"""The contract's words as small numbers, and how often each is said."""

from __future__ import annotations

from typing import Final

__all__ = [
    "DEVICES",
    "OUTCOMES",
    "REASONS",
    "REASON_WEIGHTS",
    "VIA",
    "VIA_WEIGHTS",
    "VISITORS",
    "WHO_WEIGHTS",
]

REASONS: Final = (
    "", "no-response", "no-device", "no-internet", "no-home-support", "unsafe-home", "language", "moved", "medical",
    "fear-of-infection", "other",
)  # fmt: skip
"""The first one: no reason stated."""
REASON_WEIGHTS: Final = (8, 40, 16, 7, 7, 2, 6, 2, 3, 6, 3)
VIA: Final = ("phone", "online", "at-school", "door-visit", "emergency-care", "care-worker", "other")
VISITORS: Final = ("school", "wij", "leerplicht", "jeugdhulp")
WHO_WEIGHTS: Final = (58, 20, 14, 8)
"""Who restores contact, in the order of VISITORS."""
VIA_WEIGHTS: Final = (
    (44, 30, 0, 14, 8, 1, 3),
    (16, 2, 0, 74, 2, 4, 2),
    (34, 2, 0, 62, 0, 0, 2),
    (6, 0, 0, 12, 0, 80, 2),
)
"""How, in the order of VIA, for each of VISITORS; at school only after reopening (`stories`)."""
DEVICES: Final = ("laptop", "tablet", "internet")
OUTCOMES: Final = ("contact", "no-answer", "moved-away", "refused")
