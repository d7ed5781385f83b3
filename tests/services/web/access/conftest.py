"""Pages with access control, on a loopback port: links, a clock that the test sets, and the log of views."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest

from projections.public import PublicStore, Snapshot
from projections.public.snapshot import hidden
from services.system.clock import real_now
from services.web.access.entrance import Entrance
from services.web.access.kept import KeptLinks
from services.web.access.links import Link
from services.web.access.oidc import OpenId
from services.web.access.store import LinkStore
from services.web.access.views import View, ViewLog, read_views
from tests.services.web.conftest import Served
from tests.services.web.fake import FakeSource, nation

WEEKS = ("2020-W16", "2020-W17")
OUTSIDE = {"X-Forwarded-For": "203.0.113.9"}
"""As a proxy on this machine tells that somebody comes from elsewhere."""
MINE, OTHER = "GM0014", "GM0037"


class Gated(Served):
    """The pages behind an entrance. `ahead`: microseconds that its clock is ahead."""

    def __init__(
        self,
        country: FakeSource,
        public: PublicStore,
        folder: Path,
        *,
        always: bool = False,
        oidc: Callable[[str], OpenId] | None = None,
    ) -> None:
        """`oidc` makes the issuer, given where the pages are."""
        source = replace(country, numbers=dict(country.numbers))
        self.links, self.views_path, self.ahead = LinkStore(folder / "links.sqlite"), folder / "views.sqlite", 0
        super().__init__(source, public=public)
        kept = KeptLinks(self.links.path, always=always or oidc is not None)
        issuer = None if oidc is None else oidc(self.url)
        self.access = Entrance(kept, ViewLog(self.views_path), oidc=issuer, now=lambda: real_now() + self.ahead)

    def link(self, role: str = "national", area: str = "", *, days: int = 1) -> tuple[Link, str]:
        return self.links.create(role, area, f"{role} {area}".strip(), days=days, now=real_now())

    @contextmanager
    def signed_in(self, role: str = "national", area: str = "") -> Iterator[httpx.Client]:
        with self.client() as client:
            assert self.sign_in(client, self.link(role, area)[1]).status_code == 303
            yield client

    def sign_in(self, client: httpx.Client, secret: str) -> httpx.Response:
        return client.post("/aanmelden", data={"link": secret}, headers={"Origin": self.url})

    def views(self, number: int) -> list[View]:
        """Wait for so many views in the log, and give all that it has a moment later."""
        deadline = time.monotonic() + 180
        while len(list(read_views(self.views_path))) < number and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        return list(read_views(self.views_path))


@pytest.fixture(scope="session")
def country() -> FakeSource:
    """A closed country in which the numbers of some municipalities are known; not to be changed."""
    source = nation(FakeSource(), WEEKS)
    for code, number in ((MINE, 1234), (OTHER, 3), ("GM0363", 5678)):
        source.put("unreached", code, "po", WEEKS[-1], number)
    source.put("households", OTHER, "po", WEEKS[-1], 4321)
    return source


@pytest.fixture(scope="session")
def public(country: FakeSource, tmp_path_factory: pytest.TempPathFactory) -> PublicStore:
    """The public table of the day."""
    tables = country.tables(country.now)
    store = PublicStore(tmp_path_factory.mktemp("public") / "public.sqlite")
    schools = (tables.coverage[name].astype("int32") for name in ("schools_expected", "schools_reported"))
    axes = tables.places, tables.sectors, tables.weeks
    unreached = hidden(tables.counts["unreached"])
    store.publish(Snapshot(date(2020, 4, 22), country.now, *axes, tables.open, unreached, *schools))
    return store


Gate = Callable[..., Gated]


@pytest.fixture
def gate(country: FakeSource, public: PublicStore, tmp_path: Path) -> Iterator[Gate]:
    """Give a function that serves pages with access control until the test ends."""
    running: list[Gated] = []

    def start(*, always: bool = False, oidc: Callable[[str], OpenId] | None = None) -> Gated:
        served = Gated(country, public, tmp_path, always=always, oidc=oidc)
        served.start()
        running.append(served)
        return served

    yield start
    for served in running:
        served.stop()
