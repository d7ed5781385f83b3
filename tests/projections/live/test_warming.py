"""The indexes of a view are read by whoever begins to follow it: nobody waits for that, and nothing comes of it."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from projections.live.schema import SCHEMA
from projections.live.store import open_store
from projections.live.warming import read_tree, warm_beside
from tests.projections.rebuild.test_rebuild import follow, with_trouble

KEYS = 30_000
"""So many that an index has pages above pages above leaves."""


def warmed(*databases: Path) -> None:
    warm_beside(databases)
    for thread in threading.enumerate():
        if thread.name == "warm":
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Give a view with many keys and names, whose indexes grew one by one."""
    view, randomly = tmp_path / "large.sqlite", random.Random(1)
    with closing(sqlite3.connect(view)) as database:
        for statement in SCHEMA:
            database.execute(statement)
        for number in range(KEYS):
            key = randomly.randbytes(16)
            database.execute("INSERT INTO seen VALUES (?, 1, ?, 0, ?, ?)", (key, key.hex(), number, key))
            for table in ("pupil", "household"):
                database.execute(f"INSERT INTO {table} VALUES (?, ?)", (key.hex(), key))
        database.commit()
    return view


def pages_of(view: Path, kind: str) -> int:
    """Count the pages that are free when it is gone."""
    with closing(sqlite3.connect(view)) as database:
        ((before,),) = database.execute("PRAGMA freelist_count").fetchall()
        database.execute("BEGIN")
        if kind == "TABLE pupil":
            database.execute("DROP INDEX pupil_name")
            ((before,),) = database.execute("PRAGMA freelist_count").fetchall()
        database.execute(f"DROP {kind}")
        ((after,),) = database.execute("PRAGMA freelist_count").fetchall()
        database.execute("ROLLBACK")
    return int(after - before)


def test_a_view_that_is_not_there_or_is_written_to_is_no_trouble(tmp_path: Path) -> None:
    view = tmp_path / "live.sqlite"
    follow(view, with_trouble(3), 50)
    before = view.read_bytes()
    with closing(sqlite3.connect(view)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        warmed(tmp_path / "absent.sqlite", view)
        writer.execute("ROLLBACK")
    assert view.read_bytes() == before
    assert not (tmp_path / "absent.sqlite").exists()


@pytest.mark.parametrize("kind", ["INDEX seen_key", "INDEX pupil_name", "TABLE household", "TABLE pupil"])
def test_what_is_read_is_each_page_of_a_tree_and_no_other(large: Path, kind: str) -> None:
    """Else a large view would be read whole."""
    _, name = kind.split()
    pages = pages_of(large, kind)
    assert pages > KEYS // 200
    assert read_tree(large, name) == pages
    assert 10 <= read_tree(large, name, 10) < 10 + 256
    with closing(sqlite3.connect(large)) as database:
        database.execute("VACUUM")  # each in one piece now, and with its pages full
    assert read_tree(large, name) == pages_of(large, kind) <= pages
    assert read_tree(large, "of another release") == 0


def test_pages_that_lead_astray_come_to_an_end(large: Path) -> None:
    """So a page may look that others write meanwhile."""
    whole, randomly = large.read_bytes(), random.Random(2)
    with closing(sqlite3.connect(large)) as database:
        ((root,),) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'seen_key'").fetchall()
    count = len(whole) // 4096
    for _ in range(50):
        torn = bytearray(whole)
        at = (root - 1) * 4096
        cells = randomly.choice([1, 5, 3_000, 65_535])
        torn[at : at + 4096] = randomly.randbytes(4096)
        # An inner page, whose first cells lead back to the root itself, to no page, or anywhere.
        torn[at : at + 5] = bytes([2, 0, 0]) + cells.to_bytes(2)
        for place in range(12, 22, 2):
            torn[at + place : at + place + 2] = (100).to_bytes(2)
        torn[at + 100 : at + 104] = randomly.choice([root, 0, count, count + 1, (1 << 32) - 1]).to_bytes(4)
        large.write_bytes(torn)
        assert read_tree(large, "seen_key") <= count + 256


def test_who_writes_keeps_its_locks_while_it_is_warmed(large: Path) -> None:
    store = open_store(large)
    store.create_table()
    warmed(large)
    look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM seen'); c.close()"
    subprocess.run([sys.executable, "-c", look, str(large)], check=True)
    assert large.with_name(f"{large.name}-wal").exists(), "somebody who looked in took it for nobody's, and removed it"
    store.datastore.close()
