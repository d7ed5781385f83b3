"""Personal links: what they look like, what is kept of them, and what they allow.

The secret of a link is 256 random bits, so what is kept is its SHA-256, as of the keys of the desks. It stands in the
address behind a `#`: browsers do not send that part to any server, so it reaches no log and no page that is linked to,
and a program that previews a link in a message fetches an empty form.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

from services.desks.access.keys import digest_of, new_id
from services.web.access.areas import checked_area, make_viewer
from services.web.access.viewer import Role, Viewer

__all__ = [
    "DAYS",
    "SIGN_IN",
    "Link",
    "address_of",
    "checked",
    "digest_of",
    "id_in",
    "new_id",
    "new_secret",
    "secret_in",
]

SIGN_IN: Final = "/aanmelden"
DAYS: Final = 366
"""Days for which a link is good at most."""
_LONGEST_NAME: Final = 100
_SECRET: Final = re.compile(r"kiv_([a-z0-9]{10})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link allows, and until when. `id` is no secret. Times in microseconds since 1970-01-01T00:00Z."""

    id: str
    role: Role
    area: str
    name: str
    created: int
    expires: int
    revoked: int | None = None

    def good(self, now: int) -> bool:
        """Tell whether it can be used at `now`."""
        return self.revoked is None and now < self.expires

    def viewer(self) -> Viewer:
        """Give who looks by it."""
        return make_viewer(self.role, self.area, self.name)


def new_secret(id: str) -> str:
    """Make the secret of a link, as its holder gets it: once."""
    return f"kiv_{id}_{secrets.token_urlsafe(32)}"


def address_of(page_url: str, secret: str) -> str:
    """Give the link itself: the address of the page with the secret behind a `#`."""
    return f"{page_url.rstrip('/')}{SIGN_IN}#{secret}"


def secret_in(text: str) -> str:
    """Take the secret out of a link that was pasted whole; a secret by itself stays as it is."""
    return text.strip().rpartition("#")[2]


def id_in(secret: str) -> str | None:
    """Read the id out of a secret, None when the text has not the form of one."""
    found = _SECRET.fullmatch(secret)
    return None if found is None else found[1]


def checked(role: str, area: str, name: str, days: int) -> tuple[Role, str]:
    """Check what a new link is to allow; give its role and name. Raises ValueError with the rule, never a value."""
    found, name = checked_area(role, area), " ".join(name.split())
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"the name of whom the link is for must have 1 to {_LONGEST_NAME} characters")
    if not 1 <= days <= DAYS:
        raise ValueError(f"a link is good for 1 to {DAYS} days")
    return found, name
