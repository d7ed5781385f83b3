"""What the pages of a desk are told: the chain's key, and for which organisation they report."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from events import PseudonymKeyError, Pseudonyms
from events.rules import SOURCE_LENGTH, SOURCE_PATTERN, SOURCE_RULE
from services.system import DataDir, SystemUnavailable, WrongUsage

__all__ = ["KEY_FILE", "PageSettings"]

KEY_FILE: Final = "pseudonym-key.json"
"""The key's file in the data directory, where no other is named."""
KEY_VARIABLE: Final = "KINDINBEELD_PSEUDONYM_KEY"
SOURCE_VARIABLE: Final = "KINDINBEELD_DESK_SOURCE"


@dataclass(frozen=True, slots=True)
class PageSettings:
    """`pseudonyms`: without it nothing about a pupil can be reported by hand. `source`: the organisation's URN."""

    pseudonyms: Pseudonyms | None = None
    source: str | None = None

    @classmethod
    def found(cls, data_dir: DataDir | None = None, environment: Mapping[str, str] | None = None) -> PageSettings:
        """Give what the environment and the data directory say.

        Raises WrongUsage for a source that is none, SystemUnavailable for a key that is there and cannot be used.
        """
        environment = os.environ if environment is None else environment
        source = environment.get(SOURCE_VARIABLE, "").strip() or None
        if source is not None and (len(source) > SOURCE_LENGTH or re.fullmatch(SOURCE_PATTERN, source) is None):
            raise WrongUsage(f"{SOURCE_VARIABLE}: {SOURCE_RULE}")
        named = environment.get(KEY_VARIABLE, "").strip()
        path = Path(named) if named else (data_dir or DataDir()).path / KEY_FILE
        if not named and not path.exists():
            return cls(None, source)
        try:
            return cls(Pseudonyms.from_file(path), source)
        except PseudonymKeyError as error:
            raise SystemUnavailable(f"the key for pseudonyms: {error}") from None
