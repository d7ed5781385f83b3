"""Who may see a rehearsal: everyone on this machine, or, where a system asks people to sign in, who has its link."""

from __future__ import annotations

from pathlib import Path

from services.system import Clock, DataDir, Settings
from services.web.access.entrance import Entrance, make_entrance
from services.web.access.links import address_of
from services.web.access.store import LinkStore, links_path

__all__ = ["entering"]


def entering(system: DataDir, work: Path, url: str) -> tuple[Entrance, str | None]:
    """Make the entrance of a rehearsal that is kept in `work`; with a personal link where the system has such.

    The link is good for a day, and for this rehearsal alone.
    """
    own = DataDir(work)
    link = None
    if links_path(system).exists() or Settings.from_environment().oidc_issuer is not None:
        store = LinkStore(links_path(own))
        _, secret = store.create("national", "", "rehearsal", days=1, now=Clock().now())
        link = address_of(url, secret)
    return make_entrance(own), link
