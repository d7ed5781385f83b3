"""What is checked quickly comes out as from the contract's own reader, whatever was met before."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import IMPORT_DESK
from projections.live.message import Message, Source, take
from projections.live.quick import QuickReader
from tests.events.broken import CASES
from tests.events.samples import ABSENT, WIRE_EVENTS, raw, with_value
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.support.examples import examples
from tests.support.lines import simulated

STAMPED = 1_600_000_000_000_000
GOOD = [raw(event) for event in WIRE_EVENTS.values()]
TIMES = [
    "2020-03-18t09:15:00z",
    "2020-03-18T09:15:00Z",
    "2020-03-18T09:15:00.000Z",
    "2020-03-18T09:15:00.5+01:00",
    "2020-03-18T10:15:00+01:00",
    "2020-03-18T09:15:00.1234Z",  # as long as one with an offset
    "1931-03-18T09:15:00.1234Z",
    "1931-03-18T09:15:00+00:20",
    "2020-03-18T10:15:00.123456-00:00",
    "2020-02-30T10:15:00Z",
    "2199-12-31T23:59:59-23:59",
    "1900-01-01T00:00:00+23:59",
    "2020-03-29T02:30:00+01:00",
    None,
]
SPELLINGS: list[Callable[[dict[str, Any]], bytes]] = [
    lambda event: json.dumps(event, indent=1).encode(),
    lambda event: json.dumps(dict(reversed(event.items()))).encode(),
    lambda event: json.dumps(event, ensure_ascii=True).replace("GM", "\\u0047M").encode(),
    lambda event: raw(event).replace(b'"specversion"', b'"specversion": "1.0", "specversion"'),
    lambda event: raw(event).replace(b'"pupil"', b'"pupil": "somebody-else", "pupil"'),
    lambda event: raw(event).replace(b'"unreached": ', b'"unreached": 1.0e0, "unreachable": '),
    lambda event: raw(event)[:-1],
    lambda event: raw(event) + b" \n",
    lambda event: b"[" + raw(event) + b"]",
    lambda event: raw(event).replace(b"o", b"\xff", 1),
    lambda event: raw({**event, "extra": [1, {"a": 2.5}]}),
    lambda event: raw({**event, "subject": None}),
    lambda event: raw({**event, "data": [event["data"]]}),
    lambda event: raw({**event, "data": {**event["data"], "extra": True}}),
]


@cache
def many(desk: str, stamped: int) -> tuple[list[Source], list[Message]]:
    """Many that come far behind, and as what each is taken by itself."""
    behind = enumerate([*simulated(7, 3_000)[:300], *GOOD], 1_000_000)
    sources = [Source(at, stamped, desk, each) for at, each in behind]
    return sources, [take(source) for source in sources]


def same(messages: list[bytes], desk: str = IMPORT_DESK, stamped: int = STAMPED) -> None:
    """Among many others, each is taken as by itself."""
    others, taken = many(desk, stamped)
    own = [Source(at, stamped, desk, raw) for at, raw in enumerate(messages, 1)]
    sources, expected = [*own, *others], [*map(take, own), *taken]
    reader = QuickReader()
    for _ in range(2):
        assert reader.take_all(sources) == expected


@pytest.mark.parametrize("desk", [IMPORT_DESK, "school"])
def test_what_breaks_a_rule_is_rejected_alike(desk: str) -> None:
    broken = []
    for kind, member, value, *_ in CASES:
        for name, event in WIRE_EVENTS.items():
            if name.startswith(f"{kind}: "):
                with suppress(KeyError, TypeError):
                    broken.append(raw(with_value(event, member, value)))
    assert len(broken) > 400
    same(broken, desk)


@pytest.mark.parametrize("name", WIRE_EVENTS)
def test_other_writings_and_other_times(name: str) -> None:
    event = WIRE_EVENTS[name]
    messages = [spelling(event) for spelling in SPELLINGS]
    for member in ("time", "recordedtime", "data.occurredAt"):
        for time in [*TIMES, ABSENT]:
            if time is ABSENT and member not in event and member != "data.occurredAt":
                continue
            messages.append(raw(with_value(event, member, time)))
    for desk in (IMPORT_DESK, "school"):
        for stamped in (STAMPED, 0):
            same(messages, desk, stamped)


def test_values_that_python_takes_for_equal_are_not() -> None:
    event = WIRE_EVENTS["week-reported: everything"]
    values = [0, 1, True, False, 1.0, -0.0, "1", None, [], {}, 10**9, 10**9 + 1, 10**30]
    same([raw(with_value(event, "data.unreached", value)) for value in values])


def test_an_offset_moves_a_time_to_another_day_of_the_same_content() -> None:
    event = WIRE_EVENTS["contact-lost: everything"]
    offsets = [f"{hours:+03}:{minutes:02}" for hours in range(-23, 24) for minutes in (0, 30)]
    times = [f"2020-03-{day:02}T{hour:02}:59:07{offset}" for day in (1, 29) for hour in range(24) for offset in offsets]
    same([raw(with_value(with_value(event, "data.occurredAt", at), "time", at)) for at in times], "school")


@examples(15)
@given(st.integers(0, 2**32))
def test_random_histories_come_out_alike(seed: int) -> None:
    random = Random(seed)
    lines = [line(event).encode() for event in random_history(seed, [*COUNTED, *COVERED])]
    desk = random.choice((IMPORT_DESK, "school"))
    same(random.choices(lines, k=300 + len(lines)), desk)


def test_most_of_them_are_taken_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise all of this would be of no use."""
    slow: list[bytes] = []

    def taken_slowly(source: Source) -> Message:
        slow.append(source.raw)
        return take(source)

    monkeypatch.setattr("projections.live.quick.take", taken_slowly)
    QuickReader().take_all([Source(1, STAMPED, IMPORT_DESK, message) for message in simulated(7, 3_000)])
    others = (b"report-retracted", b"school-registered", b"closure-announced")
    assert all(any(kind in message for kind in others) for message in slow)
