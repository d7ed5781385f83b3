"""The version of the interface."""

from __future__ import annotations

from typing import Final

__all__ = ["API_VERSION"]

API_VERSION: Final = "1.0.0"
"""The version of the interface (semantic versioning); its first number stands in every address."""
