"""Keys: what they look like, what is kept of them, and what they allow.

A key is 256 random bits, so it is kept as its SHA-256: there is nothing to guess that a slow hash (scrypt, argon2)
would make slower, and a slow one would cost every single request tens of milliseconds. The key's id stands in front of
the secret: the entry is found by the id, which is no secret, and the hashes are compared in constant time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from events import DESKS
from events.rules import SOURCE_LENGTH, SOURCE_PATTERN, SOURCE_RULE

__all__ = ["Key", "checked", "digest_of", "id_in", "new_id", "new_secret"]

_LETTERS: Final = "abcdefghjkmnpqrstvwxyz23456789"
_ID_LENGTH: Final = 10
_KEY: Final = re.compile(rf"kib_([{_LETTERS}]{{{_ID_LENGTH}}})_[A-Za-z0-9_-]{{43}}")
_SOURCE: Final = re.compile(SOURCE_PATTERN)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key allows. `id` is no secret. `created`, `revoked`: microseconds since 1970-01-01T00:00Z.

    `sources`: those that its holder may report for and read back. `coordinator`: whether it may also list what the desk
    refused, whoever sent it, and send it again.
    """

    id: str
    desk: str
    sources: frozenset[str]
    coordinator: bool
    created: int
    revoked: int | None = None


def new_id() -> str:
    """Make the id of a new key."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH))


def new_secret(id: str) -> str:
    """Make the key itself, as its holder gets it: once."""
    return f"kib_{id}_{secrets.token_urlsafe(32)}"


def id_in(text: str) -> str | None:
    """Read the id out of a key, None when the text has not the form of one."""
    found = _KEY.fullmatch(text)
    return None if found is None else found[1]


def digest_of(text: str) -> bytes:
    """Give what is kept of a key: its SHA-256."""
    return hashlib.sha256(text.encode()).digest()


def checked(desk: str, sources: Iterable[str], coordinator: bool) -> frozenset[str]:
    """Check what a new key is to allow and give its sources. Raises ValueError with the rule, never with a value."""
    if desk not in DESKS:
        raise ValueError(f"the desk must be one of {', '.join(DESKS)}")
    given = frozenset(sources)
    if not given and not coordinator:
        raise ValueError("a key that is not the coordinator's needs a source")
    for source in given:
        if len(source) > SOURCE_LENGTH or _SOURCE.fullmatch(source) is None:
            raise ValueError(f"a source {SOURCE_RULE}")
    return given
