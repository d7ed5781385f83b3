"""Parts that were built anew are those that following the ledger gives, and go on as they do."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import part_of
from projections.live.message import Message
from projections.live.reading import LiveReader
from projections.parts import part_names
from projections.parts.attaching import attached
from projections.parts.building import build_parts
from projections.parts.overlaps import Overlaps
from projections.tables import MEASURES
from tests.projections.rebuild.test_rebuild import contents, made_of, with_trouble, write_columns
from tests.support.examples import examples
from tests.support.live import Parts


def follow(directory: Path, messages: Sequence[Message], size: int) -> None:
    """Take the messages in as they come, in pieces."""
    parts = Parts(directory, part_of)
    for begin in range(0, len(messages), size):
        parts.take(messages[begin : begin + size])
        parts.write()
    parts.close()


def built(directory: Path, messages: Sequence[Message], pieces: int) -> Path:
    """Write the messages as columns, in pieces, and build the parts of them."""
    write_columns(directory, messages, pieces)
    steps: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        position = build_parts(directory, directory / "parts", pool, told=lambda step, done, of: steps.append(step))
    assert position == (messages[-1].position if messages else 0)
    assert steps
    return directory / "parts"


def shared(directory: Path) -> tuple[set[str], set[bytes]]:
    """What several of the parts know something of."""
    overlaps, database = Overlaps(), attached(directory)
    overlaps.read(database)
    database.close()
    return overlaps.households, overlaps.heads


def tables(directory: Path) -> list[list[tuple[str | int, ...]]]:
    reader = LiveReader(directory)
    k = reader.recorded_until
    found = [list(map(tuple, reader.tables(k).rows(table))) for table in MEASURES]
    reader.close()
    return found


@examples(4)
@given(st.integers(0, 2**32))
def test_each_part_is_the_same_as_following_the_ledger_and_goes_on_as_it_does(seed: int) -> None:
    random = Random(seed)
    messages = with_trouble(seed)
    cut = random.randint(0, len(messages))
    with TemporaryDirectory() as place:
        followed, new = Path(place) / "followed", built(Path(place) / "work", messages[:cut], random.randint(1, 3))
        follow(followed, messages[:cut], random.randint(1, 50))
        for old, part in zip(part_names(followed), part_names(new), strict=True):
            assert contents(part) == contents(old)
            assert made_of(part) == made_of(old)
        if cut:
            assert tables(new) == tables(followed)
        assert shared(new)[0] <= shared(followed)[0], "what was taken back need not be listed"
        size = random.randint(1, 50)
        for directory in (followed, new):
            follow(directory, messages[cut:], size)
        for old, part in zip(part_names(followed), part_names(new), strict=True):
            assert contents(part) == contents(old)
        assert tables(new) == tables(followed)


@pytest.mark.parametrize("seed", [1, 4])
def test_nothing_but_the_parts_is_left(tmp_path: Path, seed: int) -> None:
    new = built(tmp_path / "work", with_trouble(seed), 2)
    assert sorted(path.name for path in new.iterdir()) == sorted(path.name for path in part_names(new))
    assert not list(new.parent.rglob("*.parquet"))
    assert [path.name for path in new.parent.iterdir()] == ["parts"]
