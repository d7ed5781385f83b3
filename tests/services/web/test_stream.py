from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FakeSource, at


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve(FakeSource())


@contextmanager
def listening(served: Served, query: str, **headers: str) -> Iterator[Iterator[tuple[str, str, Any]]]:
    """Open the stream; give its events as kind, id and data."""

    def events(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
        held: dict[str, str] = {}
        for line in lines:
            if line:
                name, _, value = line.partition(": ")
                held[name] = value
            elif held:
                yield held["event"], held["id"], json.loads(held["data"])
                held = {}

    with httpx.stream("GET", f"{served.url}/live?{query}", headers=headers, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        yield events(answer.iter_lines())


def version_of(served: Served) -> str:
    found = re.search(r'data-version="([^"]+)"', httpx.get(f"{served.url}/gemeenten", timeout=60).text)
    assert found
    return found[1]


def put(served: Served, number: int) -> None:
    served.change(lambda source: source.put("unreached", "GM0014", "po", "2020-W17", number))


def until_cells(events: Iterator[tuple[str, str, Any]]) -> Any:
    """Skip events that only tell how fresh the page is."""
    return next(data["cells"] for kind, _, data in events if kind == "patch" and data["cells"])


def test_a_page_just_loaded_gets_only_what_changes(served: Served) -> None:
    with listening(served, f"topic=table:all&version={version_of(served)}") as events:
        kind, version, data = next(events)
        assert (kind, data["cells"]) == ("patch", {})
        put(served, 3)
        assert set(until_cells(events)) == {"GM0014", "total"}
    assert version.count(".") == 1


def test_without_a_version_everything_is_sent(served: Served) -> None:
    put(served, 3)
    with listening(served, "topic=table:po&lang=en") as events:
        _, _, data = next(events)
        assert len(data["cells"]) == 357
        assert data["cells"]["GM0014"][-1][1:] == ["3", "l1", "0/0"]
    with listening(served, "lang=en") as events:
        _, _, data = next(events)
        assert data["slots"]["d-po"] == ["3 more than last week", "up"]
        assert "Nothing at the moment." in data["parts"]["attention"]


def test_a_topic_that_there_is_not(served: Served) -> None:
    assert httpx.get(f"{served.url}/live?topic=table:none", timeout=60).status_code == 404


def test_a_page_that_was_away_gets_what_it_missed(served: Served) -> None:
    version = version_of(served)
    put(served, 3)
    put(served, 8)
    with listening(served, "topic=table:all&version=whatever", **{"Last-Event-ID": version}) as events:
        assert until_cells(events)["GM0014"][-1][1] == "8"


def test_a_new_week_and_another_start_ask_for_a_new_layout(served: Served) -> None:
    with listening(served, f"topic=table:all&version={version_of(served)}") as events:
        next(events)
        served.change(lambda source: setattr(source, "now", at("2020-04-27T00:00:01")))
        assert any(kind == "layout" for kind, _, _ in events)
    with listening(served, "topic=table:all&version=00000000.7") as events:
        assert next(events)[0] == "layout"


def test_time_alone_changes_the_page(served: Served) -> None:
    served.change(lambda source: setattr(source, "now", at("2020-04-26T23:59:59")))
    with listening(served, f"topic=table:all&version={version_of(served)}") as events:
        next(events)
        served.source.now = at("2020-04-27T00:00:01")  # nobody says that anything changed
        assert any(kind == "layout" for kind, _, _ in events)


def test_streams_end_when_the_server_stops(served: Served) -> None:
    with listening(served, f"topic=table:all&version={version_of(served)}") as events:
        next(events)
        served.stop()
        assert all(kind == "patch" for kind, _, _ in events)
