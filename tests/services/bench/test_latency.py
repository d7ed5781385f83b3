from __future__ import annotations

import pytest

from events import desk_and_kind, ensure_recordable, parse_event
from events.subjects import PUBLISHERS
from services.bench.crisis import Crisis
from services.bench.figures import NotMeasured
from services.bench.latency import Published, latencies


def test_an_event_is_seen_with_the_first_number_that_has_it() -> None:
    published = Published(before=10, times=[1.0, 2.0, 3.0])
    seen = [(0.5, 10), (2.25, 12), (3.5, 13), (9.0, 14)]
    assert latencies(published, seen) == [1250.0, 250.0, 500.0]


def test_a_number_that_falls_back_hides_what_comes_after_it() -> None:
    # The page reads again and shows less for a moment: what was seen was seen, what was not yet is not.
    assert latencies(Published(0, [0.0, 1.0]), [(0.5, 1), (0.75, 0), (2.0, 2)]) == [500.0, 1000.0]


def test_an_event_that_never_came_is_no_latency() -> None:
    with pytest.raises(NotMeasured, match="never showed 2 of the events"):
        latencies(Published(10, [1.0, 2.0, 3.0]), [(1.5, 11)])


def test_every_event_of_the_crisis_is_valid_and_from_who_may_publish_it() -> None:
    crisis = Crisis()
    messages = [*crisis.opening(500), *(crisis.report() for _ in range(500))]
    pupils, places = set(), set()
    for subject, raw in messages:
        event = parse_event(raw, live=True)
        desk, kind = desk_and_kind(subject)
        assert kind == event.kind
        assert desk in PUBLISHERS[kind]
        ensure_recordable(event, crisis.now)
        if kind == "contact-lost":
            pupils.add(event.data.pupil)  # type: ignore[union-attr]
            places.add(event.data.municipality)  # type: ignore[union-attr]
    assert len(pupils) == 1000
    assert len(places) > 300
    assert len({parse_event(raw).id for _, raw in messages}) == len(messages)
