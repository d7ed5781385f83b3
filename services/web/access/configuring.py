"""From the settings of a system to who may see its pages."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from services.system import DataDir, Settings, WrongUsage
from services.web.access.entrance import Entrance, make_entrance
from services.web.access.roles import RoleMap

__all__ = ["access_of", "hosts_of"]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def hosts_of(settings: Settings) -> list[str]:
    """Give the names by which the pages may be asked for: this machine's, that of their address, and those set."""
    named = urlsplit(settings.page_url or "").hostname
    return [*_LOOPBACK, *([named] if named else []), *settings.page_hosts]


def access_of(data_dir: DataDir, settings: Settings, page_url: str | None, listening: socket.socket) -> Entrance:
    """Make the entrance of a system; `page_url` is where the pages are on this machine, `listening` their socket.

    Pages that are reached through a proxy look as if everyone were on this machine: so one always has to sign in there,
    and where they listen to more than this machine.
    Raises WrongUsage for a role or an area that is none.
    """
    oidc = None
    if settings.oidc_issuer is not None and settings.oidc_client_id is not None:
        try:
            roles = RoleMap(settings.oidc_claim, settings.oidc_roles)
        except ValueError as rule:
            raise WrongUsage(f"KINDINBEELD_OIDC_ROLES: {rule}") from None
        reached = settings.page_url or page_url or f"http://127.0.0.1:{settings.port}/"
        from services.web.access.oidc import OpenId  # what it takes to load is for who signs in there

        oidc = OpenId(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, reached, roles)
    local = ip_address(listening.getsockname()[0]).is_loopback
    always = settings.page_url is not None or not local
    return make_entrance(data_dir, oidc=oidc, always=always, views_days=settings.views_days)
