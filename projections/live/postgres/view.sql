-- One whole view, in a schema of its own (the search path): what projections/live/schema.py makes in SQLite.
-- Tables whose rows are changed in place again and again leave room for that in each page.
CREATE TABLE seen (
    key bytea PRIMARY KEY, kind smallint NOT NULL, owner text NOT NULL, recorded bigint NOT NULL,
    position bigint NOT NULL, content bytea NOT NULL
);
CREATE TABLE retraction (target bytea, by bytea, PRIMARY KEY (target, by));
CREATE TABLE pupil (name text COLLATE "C" PRIMARY KEY, state bytea NOT NULL) WITH (fillfactor = 80);
CREATE TABLE household (name text COLLATE "C" PRIMARY KEY, state bytea NOT NULL) WITH (fillfactor = 80);
CREATE TABLE school (name text COLLATE "C" PRIMARY KEY, state bytea NOT NULL) WITH (fillfactor = 80);
CREATE TABLE closure (name text COLLATE "C" PRIMARY KEY, state bytea NOT NULL);
CREATE TABLE flow (key bigint PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE during (key bigint PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE schools (key bigint PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE over_4_weeks (at bigint, area integer, n bigint NOT NULL, PRIMARY KEY (at, area));
CREATE TABLE early (pupil text COLLATE "C" PRIMARY KEY, latest bigint NOT NULL);
CREATE TABLE resident (place integer NOT NULL, pupils bytea NOT NULL);
CREATE INDEX resident_of ON resident (place);
CREATE TABLE apart (kind smallint, name text COLLATE "C", until bigint NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE set_aside (position bigint PRIMARY KEY, recorded bigint NOT NULL, field text NOT NULL, rule text NOT NULL);
CREATE TABLE change (position bigint PRIMARY KEY, after bigint NOT NULL, deltas bytea);
CREATE TABLE horizon (
    one smallint PRIMARY KEY CHECK (one = 1), recorded bigint NOT NULL, first_recorded bigint NOT NULL
);
