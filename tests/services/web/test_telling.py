"""`/metrics` of the pages: also while the view is away, and to whom it tells how much."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from events.times import day_start
from projections.live.database import ViewAwayError
from projections.public import PublicStore
from services.web.access import PUBLIC
from services.web.metrics import Telling
from tests.services.web.conftest import Serve
from tests.services.web.fake import FakeSource, nation


@pytest.fixture(scope="module")
def country() -> FakeSource:
    return nation(FakeSource(), ("2020-W16", "2020-W17"))


def away() -> int:
    raise ViewAwayError("the database is away")


def test_it_is_told_also_while_the_view_is_away(serve: Serve, country: FakeSource, tmp_path: Path) -> None:
    served = serve(country)
    served.app.state.telling = Telling([tmp_path / "view.prom"], away)
    with served.client() as client:
        told = client.get("/metrics")
        assert told.status_code == 200
        assert "kib_page_open_pages 0" in told.text
        assert "set_aside" not in told.text
        (tmp_path / "view.prom").write_text("kib_view_applied_messages_total 3.0\n")
        assert told.text + "kib_view_applied_messages_total 3.0\n" == client.get("/metrics").text


def test_what_is_due_is_told_until_everyone_was_erased(serve: Serve) -> None:
    country = nation(FakeSource(), ("2020-W16", "2020-W17"))  # with FIRST, whose last day is 28 April
    due = day_start(date(2020, 5, 8).toordinal())
    erased: list[int | None] = [None]
    served = serve(country)
    served.app.state.telling = Telling([], lambda: 0, 10, erased=lambda: erased[0])
    line = f"kib_retention_due_timestamp_seconds {due / 1_000_000}\n"
    with served.client() as client:
        for at, told in ((None, True), (due - 1, True), (due, False), (due + 1, False)):
            erased[0] = at
            assert (line in client.get("/metrics").text) is told, at


@pytest.mark.parametrize(
    ("header", "everything"),
    [("", False), ("Bearer nee", False), ("Basic geheim", False), ("Bearer geheim", True), ("bearer  geheim", True)],
)
def test_only_the_token_is_told_everything(
    serve: Serve, country: FakeSource, tmp_path: Path, header: str, everything: bool
) -> None:
    served = serve(country, viewer=PUBLIC, public=PublicStore(tmp_path / "public.sqlite"))
    served.app.state.telling = Telling([tmp_path / "view.prom"], lambda: 2, token="geheim")
    with served.client() as client:
        told = client.get("/metrics", headers={"Authorization": header}).text
    assert ("kib_view_set_aside_messages 2" in told) is everything
    assert ("kib_view_position" in told) is everything
    assert "kib_page_ready" in told
