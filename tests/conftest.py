"""What all tests share: where the golden histories are, and that the browser may not be missing in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared"
SHARED: Path | None = _BESIDE if (_BESIDE / "golden" / "cases.json").is_file() else None
"""The folder with golden histories beside the checkout, where there is one."""


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of the golden histories; skips where there is none."""
    if SHARED is None:
        pytest.skip("no golden histories beside this checkout")
    return SHARED / "golden"
