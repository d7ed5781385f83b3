"""The indexes of a view are read by whoever begins to follow it: nobody waits for that, and nothing comes of it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from projections.live.warming import warm_beside
from tests.projections.rebuild.test_rebuild import follow, with_trouble


def warmed(*databases: Path) -> None:
    warm_beside(databases)
    for thread in threading.enumerate():
        if thread.name == "warm":
            thread.join(60)
            assert not thread.is_alive()


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


def test_what_is_read_is_the_indexes_and_not_the_tables(tmp_path: Path) -> None:
    """Else a large view would be read whole."""
    view = tmp_path / "live.sqlite"
    follow(view, with_trouble(3), 50)
    with closing(sqlite3.connect(view)) as database:
        for table, index in (("seen", "seen_key"), ("pupil", "pupil_name")):
            ((*_, plan),) = database.execute(f"EXPLAIN QUERY PLAN SELECT count(*) FROM {table}").fetchall()
            assert plan == f"SCAN {table} USING COVERING INDEX {index}"
