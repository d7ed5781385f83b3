"""How many examples a property is tried on, and how often it breaks: few in every run, more where asked for."""

from __future__ import annotations

import os
from typing import Any, Final

from hypothesis import settings

TIMES: Final = int(os.environ.get("KINDINBEELD_TEST_EXAMPLES", "1"))
"""How many times as many; a search for what is seldom takes 20 or more."""


def examples(number: int, **more: Any) -> settings:
    """Give the settings of a property that every run tries on ``number`` examples, without a limit of time."""
    return settings(max_examples=number * TIMES, deadline=None, **more)


def rounds(thorough: int, *, every_run: int) -> int:
    """Give how often what takes long is done: ``every_run`` times, and all times where more examples are asked for."""
    return every_run if TIMES == 1 else thorough
