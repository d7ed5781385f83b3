"""What JetStream answers to a message that was published."""

from __future__ import annotations

import json

from services.system.errors import SystemUnavailable

__all__ = ["LedgerRefused", "refusal", "stored_at"]

_FOR_NOW = {10008, 10076}
"""JetStream's error codes for not being available at the moment; what they refuse is sent again."""


class LedgerRefused(SystemUnavailable):
    """The ledger will not take a message: no permission, no room, too large."""


def stored_at(answer: bytes) -> int | None:
    """Return the sequence under which the message is stored, None when the answer does not say that it is."""
    if not answer or b'"error"' in answer:
        return None
    return int(answer[answer.index(b'"seq":') + 6 :].split(b",", 1)[0].rstrip(b"}"))


def refusal(answer: bytes) -> str | None:
    """Return why the message is refused for good, None when it is not.

    An empty answer is nobody's: no stream yet, or its leader is being chosen.
    """
    error = json.loads(answer).get("error", {}) if answer else {}
    if not error or error.get("err_code") in _FOR_NOW:
        return None
    return f"the ledger refused an event: {error.get('description', 'no reason given')}"
