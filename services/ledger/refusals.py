"""What names a refusal: the same bytes refused for the same reason are one, wherever they are met."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

__all__ = ["REFUSAL_HEADER", "refusal_id"]

REFUSAL_HEADER: Final = "Kib-Refusal"
"""Header of a request to a desk to take once more what it refused: the refusal's id."""

_NAMESPACE: Final = UUID("f0a7c2f6-9a5b-5a41-8a8f-2f3ad1f3a6f1")


def refusal_id(field: str, rule: str, raw: bytes) -> UUID:
    """Give the id of the refusal of `raw` because `field` broke `rule`."""
    return uuid5(_NAMESPACE, f"{field}\n{rule}\n{raw.hex()}")
