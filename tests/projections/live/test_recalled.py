"""A municipality's past out of the archive: what counting it in the live view gives, or nothing."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from projections.archive.recalling import FromArchive
from projections.fold.cube import Numbers
from projections.live.reading import LiveReader
from projections.live.settling import following, settling, settling_in_time
from projections.live.settling.weeks import PastWeeks
from tests.projections.archive.making import write
from tests.projections.evaluation.histories import COUNTED, DAY, line, random_history
from tests.projections.live.test_moment import EXAMPLES, LOST, PLACES, SEEDS, WEEK, parsed, plain, said
from tests.support.live import fed_view, messages_of


@EXAMPLES
@given(SEEDS)
def test_what_is_recalled_from_an_archive_is_what_is_counted(seed: int) -> None:
    """Whatever of the ledger it holds: none of it is used where something is missing that counts."""
    random = Random(seed)
    events = random_history(seed, [*COUNTED, "contact-lost"])
    lines = [line(event) for event in sorted(events, key=lambda event: event.recorded)]
    if random.random() < 0.3:
        random.shuffle(lines)  # an import that comes late
    messages = messages_of(each.encode() for each in lines)
    with fed_view() as fed, TemporaryDirectory() as directory:
        fed.feed(messages, [random.randint(1, 9)])
        k = fed.reader.recorded_until + random.choice((0, DAY, WEEK, 9 * WEEK))
        with fed.reader.moment(k) as moment:
            counted = {place: plain(settling(moment, place)) for place in PLACES}
        recalled: list[bool] = []

        def recall(municipality: str, weeks: PastWeeks, since: int, until: int) -> Numbers | None:
            found = FromArchive(Path(directory))(municipality, weeks, since, until)
            recalled.append(found is not None)
            return found

        for held in sorted({random.randint(1, len(lines)), len(lines)}):
            write(Path(directory), lines[:held], chunk=random.choice((1, 1000)), source="ledger")
            new = LiveReader(fed.place)
            with new.moment(k) as moment:
                for place in PLACES:
                    # With no time for more than two thousand; nobody here has so many.
                    told = settling_in_time(moment, place, 0, recall)
                    assert told is not None
                    assert plain(told) == counted[place], held
            new.close()
            assert held < len(lines) or all(recalled)
            recalled.clear()
            shutil.rmtree(directory)
            Path(directory).mkdir()


def test_the_past_is_recalled_where_the_archive_holds_all_that_was_recorded_by_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(following, "_SOME", 1)
    closure = {"closure": "one", "sectors": ["po"], "from": date(2020, 3, 16), "until": None, "municipalities": None}
    lines = [said("closure-announced", 1, "2020-03-15", "2020-03-15", closure)] + [
        said("contact-lost", number, "2020-03-18", "2020-03-18", LOST | {"pupil": f"pupil--{number}"})
        for number in range(2, 9)
    ]
    late = said("contact-lost", 9, "2020-03-19", "2020-03-18", LOST | {"pupil": "pupil--9"})
    now = said("contact-lost", 10, "2020-04-15", "2020-03-18", LOST | {"pupil": "pupil-10"})
    messages = messages_of([*lines, now, late])
    recall = FromArchive(tmp_path)
    with fed_view() as fed:

        def look() -> list[int | None] | None:
            with fed.reader.moment(parsed("2020-04-15") + DAY) as moment:
                told = settling_in_time(moment, "GM0014", 0, recall)
            return None if told is None else [each.unreached for each in told.of("2020-W12")]

        fed.feed(messages[: len(lines)], [9])
        assert look() is None, "there is no archive: one of seven was counted"
        write(tmp_path, [each.decode() for each in (*lines, now)], source="ledger")
        assert look() is None, "the archive knows more than the view"
        shutil.rmtree(tmp_path)
        write(tmp_path, [each.decode() for each in lines], source="ledger")
        assert look() == [7, 7, 7, 7, 7], "at once, in the middle of counting"
        fed.feed(messages[len(lines) : -1], [9])
        assert look() == [7, 7, 7, 7, 8], "what is not in the archive was recorded after all that is past"
        fed.feed(messages[-1:], [9])
        assert [look() for _ in range(8)] == [[7, 7, 7, 7, 8]] * 8, "not in the archive, and of then: counted anew"
        assert look() == [8, 8, 8, 8, 9]
