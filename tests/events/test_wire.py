"""What was once written is read for ever: the wire files may grow, never change."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

import events
from events import KINDS, TYPE_PREFIX, content_digest, parse_event
from tests.events import samples
from tests.events.samples import WIRE_EVENTS, raw, sample


def test_there_is_a_wire_file_for_every_kind() -> None:
    assert KINDS == samples.KINDS
    assert sorted(path.stem for path in samples.WIRE.iterdir()) == sorted(KINDS)


@pytest.mark.parametrize("event", WIRE_EVENTS.values(), ids=WIRE_EVENTS)
def test_every_event_is_read_and_written_again_with_the_same_content(event: dict[str, Any]) -> None:
    read = parse_event(raw(event))
    written = read.model_dump_json(by_alias=True, exclude_unset=True).encode()
    assert parse_event(written) == read
    assert content_digest(written) == content_digest(raw(event))
    assert read.kind == event["type"].removeprefix(TYPE_PREFIX)
    assert read.id == event["id"]


@pytest.mark.parametrize("event", WIRE_EVENTS.values(), ids=WIRE_EVENTS)
def test_text_and_bytes_are_read_alike(event: dict[str, Any]) -> None:
    assert parse_event(raw(event).decode()) == parse_event(raw(event))


def test_the_members_have_their_names_and_types() -> None:
    lost = parse_event(raw(sample("contact-lost")))
    assert isinstance(lost, events.ContactLostEvent)
    assert lost.data.occurred_at == datetime(2020, 3, 18, 8, 15, tzinfo=UTC)
    assert (lost.data.pupil, lost.data.household) == ("p-7f3a91c2", "h_00000000012")
    assert (lost.data.school, lost.data.sector, lost.data.municipality) == ("06KR00", "po", "GM0014")
    assert lost.data.reason == "no-internet"
    assert lost.time == datetime(2020, 3, 18, 8, 20, 30, 500_000, tzinfo=UTC)
    assert lost.recordedtime == datetime(2020, 3, 18, 8, 20, 31, 123_456, tzinfo=UTC)

    retracted = parse_event(raw(sample("report-retracted")))
    assert isinstance(retracted, events.ReportRetractedEvent)
    assert retracted.data.retracts.id == "contact-lost-1"
    assert retracted.data.retracts.source.endswith(":systeem:parnassys")

    closure = parse_event(raw(sample("closure-announced")))
    assert isinstance(closure, events.ClosureAnnouncedEvent)
    assert (closure.data.starts, closure.data.until) == (date(2020, 3, 16), date(2020, 4, 6))
    assert closure.data.sectors == ("po", "so", "vo", "mbo")
    assert closure.data.municipalities == ("GM0014", "GM0363")

    school = parse_event(raw(sample("school-registered")))
    assert isinstance(school, events.SchoolRegisteredEvent)
    assert (school.data.starts, school.data.until, school.data.pupils) == (date(2010, 8, 1), date(2010, 8, 1), 0)


def test_unknown_members_are_kept_beside_the_known_ones() -> None:
    event = sample("contact-lost", "unknown members")
    read = parse_event(raw(event))
    assert read.kind == "contact-lost"
    assert (read.model_extra or {})["kind"] == event["kind"]
    assert (read.data.model_extra or {})["remarks"] == event["data"]["remarks"]
    assert read.data.occurred_at == datetime(2020, 3, 18, 8, 15, 0, 1, tzinfo=UTC)


def test_null_envelope_attributes_count_as_absent() -> None:
    read = parse_event(raw(sample("week-reported", "null for what may be null")))
    assert read.time is None
    assert read.recordedtime is None
    assert read.subject is None
    assert read.datacontenttype is None


def test_an_event_cannot_be_changed() -> None:
    read = parse_event(raw(sample("contact-lost")))
    with pytest.raises(ValueError, match="frozen"):
        setattr(read, "id", "another")  # noqa: B010 - mypy knows that it cannot


def test_the_golden_histories_are_read_and_keep_their_content(golden_lines: list[tuple[str, bytes]]) -> None:
    assert len(golden_lines) > 1_900
    for place, line in golden_lines:
        read = parse_event(line)
        assert read.recordedtime is not None, place
        written = read.model_dump_json(by_alias=True, exclude_unset=True).encode()
        assert content_digest(written) == content_digest(line), place
