"""What the head of every page says of whoever looks."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, Literal, NamedTuple

__all__ = ["ACCOUNT", "Account", "account"]


class Account(NamedTuple):
    """Whoever looks: signed in, not, or `open`: nobody has to sign in on this system yet."""

    state: Literal["open", "in", "out"]
    name: str = ""


ACCOUNT: Final[ContextVar[Account | None]] = ContextVar("account", default=None)
"""Of the request that is being answered."""


def account() -> Account | None:
    """Give what the page that is being drawn says of whoever looks; None where access is no matter."""
    return ACCOUNT.get()
