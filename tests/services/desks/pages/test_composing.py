from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import new_pseudonym_key, parse_event
from services.desks.pages import PageSettings
from services.desks.pages.composing import Composer
from services.desks.pages.fields import FORMS, Form
from services.desks.pages.values import holds_bsn
from services.system import DataDir, SystemUnavailable, WrongUsage
from tests.services.desks.pages.conftest import ANOTHER_BSN, BSN, CHAIN, NOW, SOURCE

TOKEN = UUID("5b2e0f5e-6c1c-4c55-9b57-0a3a1e3f9a10")
BEGUN = "2020-04-01T12:05:30Z"

words = st.one_of(
    st.sampled_from(
        (BSN, ANOTHER_BSN, "06KR00", "po", "2020-W14", "16-03-2020", "2020-03-16T09:30", "GM0014", "0", "3")
    ),
    st.sampled_from([choice for form in FORMS.values() for field in form.fields for choice in field.choices]),
    st.text(max_size=20),
)
filled = st.sampled_from(tuple(FORMS.values())).flatmap(
    lambda form: st.tuples(st.just(form), st.fixed_dictionaries({field.name: words for field in form.columns}))
)


def composer(form: Form, now: int = NOW) -> Composer:
    return Composer(form, "school", SOURCE, BEGUN, TOKEN, CHAIN, now)


@given(filled)
def test_whatever_is_filled_in_becomes_an_event_or_is_explained(case: tuple[Form, dict[str, str]]) -> None:
    form, fields = case
    raw, problems = composer(form).single(fields)
    assert (raw is None) == bool(problems)
    if raw is not None:
        event = parse_event(raw)
        assert (event.kind, event.source, event.id) == (form.kind, SOURCE, str(TOKEN))
        data = json.loads(raw)["data"]
        assert not any(holds_bsn(value) for name, value in data.items() if isinstance(value, str) and name != "pupil")
    known = {field.name for field in form.columns} | {""}
    assert {problem.field for problem in problems} <= known


def test_equal_rows_of_one_list_are_two_reports_and_again_the_same_two() -> None:
    row = {"bsn": BSN, "occurred_at": "2020-03-16", "sector": "po", "device": "tablet"}

    def ids() -> list[str]:
        making = composer(FORMS["device-lent"])
        raws = [making.row(number, row)[0] for number in (2, 3)]
        return [json.loads(raw)["id"] for raw in raws if raw is not None]

    first = ids()
    assert len(set(first)) == 2
    assert ids() == first


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2020-03-16", "2020-03-16T00:00:00+01:00"),
        ("16-3-2020 9:05", "2020-03-16T09:05:00+01:00"),
        ("30/03/2020 09:05:59", "2020-03-30T09:05:00+02:00"),
        ("2020-03-29 02:30", None),
        ("2020-03-29T03:00", "2020-03-29T03:00:00+02:00"),
        ("2019-10-27 02:30", "2019-10-27T02:30:00+02:00"),
        ("31-02-2020", None),
        ("2020-03-16 24:00", None),
        ("gisteren", None),
    ],
)
def test_times_are_dutch_and_exist(written: str, instant: str | None) -> None:
    raw, problems = composer(FORMS["contact-restored"]).single({"bsn": BSN, "occurred_at": written, "via": "phone"})
    assert (None if raw is None else json.loads(raw)["data"]["occurredAt"]) == instant
    assert [problem.field for problem in problems] == ([] if instant else ["occurred_at"])


def test_the_settings_are_found(tmp_path: Path) -> None:
    place = DataDir(tmp_path)
    assert PageSettings.found(place, {}) == PageSettings(None, None)
    made = new_pseudonym_key(tmp_path / "pseudonym-key.json")
    new_pseudonym_key(tmp_path / "other.json")
    found = PageSettings.found(place, {"KINDINBEELD_DESK_SOURCE": SOURCE})
    assert found.source == SOURCE
    assert found.pseudonyms is not None
    assert found.pseudonyms.key_id == made.key_id
    other = PageSettings.found(place, {"KINDINBEELD_PSEUDONYM_KEY": str(tmp_path / "other.json")})
    assert other.pseudonyms is not None
    assert other.pseudonyms.key_id != made.key_id


def test_settings_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="KINDINBEELD_DESK_SOURCE"):
        PageSettings.found(DataDir(tmp_path), {"KINDINBEELD_DESK_SOURCE": "de gemeente"})
    with pytest.raises(SystemUnavailable, match="cannot be read"):
        PageSettings.found(DataDir(tmp_path), {"KINDINBEELD_PSEUDONYM_KEY": str(tmp_path / "none.json")})
    new_pseudonym_key(tmp_path / "pseudonym-key.json")
    (tmp_path / "pseudonym-key.json").chmod(0o644)
    with pytest.raises(SystemUnavailable, match="mode 600"):
        PageSettings.found(DataDir(tmp_path), {})
