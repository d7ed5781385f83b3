"""The tables of the live view's database."""

from __future__ import annotations

from typing import Final

HOUSEHOLD_APART, PUPIL_APART = range(2)
"""The kinds of those who are counted in several areas."""

SEEN_KEY: Final = "CREATE UNIQUE INDEX IF NOT EXISTS seen_key ON seen (key)"
PUPIL_NAME: Final = "CREATE UNIQUE INDEX IF NOT EXISTS pupil_name ON pupil (name)"

SCHEMA: Final = (
    # One row per (source, id) that stands: whom it is about, when it was recorded, what it said. The keys alone, which
    # are random, are an index: most that is asked of it is whether a key is known, and an index of keys is a fifth of
    # the table. Rows are added at its end.
    "CREATE TABLE IF NOT EXISTS seen (key BLOB NOT NULL, kind INTEGER NOT NULL, owner TEXT NOT NULL,"
    " recorded INTEGER NOT NULL, position INTEGER NOT NULL, content BLOB NOT NULL)",
    SEEN_KEY,
    "CREATE TABLE IF NOT EXISTS retraction (target BLOB, by BLOB, PRIMARY KEY (target, by)) WITHOUT ROWID",
    # What the fold keeps of each pupil, household, school and closure (MessagePack). Pupils lie by when they came, not
    # by their random names: those who are reported on now were mostly so lately, and are found close together.
    "CREATE TABLE IF NOT EXISTS pupil (name TEXT NOT NULL, state BLOB NOT NULL)",
    PUPIL_NAME,
    "CREATE TABLE IF NOT EXISTS household (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS school (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS closure (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
    # The cells (projections.fold.cells).
    "CREATE TABLE IF NOT EXISTS flow (key INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS during (key INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS schools (key INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS over_4_weeks (at INTEGER, area INTEGER, n INTEGER NOT NULL,"
    " PRIMARY KEY (at, area)) WITHOUT ROWID",
    # What an earlier release did not keep, and what is in the database does not tell (projections.live.upgrading).
    "CREATE TABLE IF NOT EXISTS lacking (what TEXT PRIMARY KEY) WITHOUT ROWID",
    # Pupils with a report that happened at or after the instant it was recorded (clock tolerance).
    "CREATE TABLE IF NOT EXISTS early (pupil TEXT PRIMARY KEY, latest INTEGER NOT NULL) WITHOUT ROWID",
    # Whose history names a place, or a loss without one (fold.reports.lives_in): withdrawn or not. Many pupils in a row
    # (MessagePack), as each commit adds them; one may be named more than once.
    "CREATE TABLE IF NOT EXISTS resident (place INTEGER NOT NULL, pupils BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS resident_of ON resident (place)",
    # Households and pupils that are counted in several areas, and until when that may be at once (fold.household).
    "CREATE TABLE IF NOT EXISTS apart (kind INTEGER, name TEXT, until INTEGER NOT NULL,"
    " PRIMARY KEY (kind, name)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS set_aside (position INTEGER PRIMARY KEY, recorded INTEGER NOT NULL,"
    " field TEXT NOT NULL, rule TEXT NOT NULL)",
    # What the last commits added, for readers that follow.
    "CREATE TABLE IF NOT EXISTS change (position INTEGER PRIMARY KEY, after INTEGER NOT NULL, deltas BLOB)",
    # By the Monday of the week in which it was recorded, the last message taken in (projections.live.recorded).
    "CREATE TABLE IF NOT EXISTS recorded (monday INTEGER PRIMARY KEY, position INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS horizon (one INTEGER PRIMARY KEY CHECK (one = 1), recorded INTEGER NOT NULL,"
    " first_recorded INTEGER NOT NULL)",
)
