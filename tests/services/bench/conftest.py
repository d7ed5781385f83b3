from __future__ import annotations

import os

import pytest

from services.bench.browser import NoBrowser, find_chromium


@pytest.fixture
def chromium() -> None:
    """Skips where there is no Chromium, unless it is required."""
    try:
        find_chromium()
    except NoBrowser as why:
        if os.environ.get("CI") or os.environ.get("KINDINBEELD_REQUIRE_BROWSER"):
            pytest.fail(str(why))
        pytest.skip(str(why))
