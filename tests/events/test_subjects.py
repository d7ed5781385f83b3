"""Names on the broker."""

import pytest

from events import KINDS, PUBLISHERS, desk_and_kind, event_subject, rejected_subject


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("desk", ["school", "import"])
def test_a_subject_says_who_and_what(desk: str, kind: str) -> None:
    assert event_subject(desk, kind) == f"kib.events.{desk}.{kind}"
    assert desk_and_kind(event_subject(desk, kind)) == (desk, kind)


def test_a_subject_that_names_a_part_says_what_it_is_about() -> None:
    assert event_subject("import", "device-lent", 3) == "kib.events.import.pupil.3"
    assert event_subject("import", "week-reported", 0) == "kib.events.import.school.0"
    with pytest.raises(KeyError):
        event_subject("import", "closure-announced", 0)


def test_the_subject_of_what_a_desk_rejected() -> None:
    assert rejected_subject("wij") == "kib.rejected.wij"


@pytest.mark.parametrize("token", ["", "*", ">", "a.b", "School", "a b", "p_7f3a91c2", "-a", "a\n", "é"])
def test_what_is_no_word_makes_no_subject(token: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        event_subject(token, "contact-lost")
    with pytest.raises(ValueError, match="subject"):
        event_subject("school", token)
    with pytest.raises(ValueError, match="subject"):
        rejected_subject(token)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "kib.events.school",
        "kib.events.school.contact-lost.x",
        "kib.events.import.pupil.3",
        "kib.rejected.wij",
        "kib.events.*.x",
    ],
)
def test_another_subject_is_not_taken_apart(subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        desk_and_kind(subject)


def test_every_kind_has_somebody_who_may_publish_it() -> None:
    assert tuple(PUBLISHERS) == KINDS
    assert all(PUBLISHERS.values())
