-- The tables for others: what an organisation's own tools (Grafana, a report) may read of the live view. No pupils.
-- A role that may read these and nothing else is `kindinbeeld_reader` (docs/operations.md). Tables of a later release
-- have these columns still; new ones come behind them.
CREATE SCHEMA kindinbeeld;

-- The rows of `kindinbeeld counts`, as of `state.as_of`.
CREATE TABLE kindinbeeld.counts (
    municipality text NOT NULL,            -- GM0014, or unknown
    sector text NOT NULL,                  -- po, so, vo, mbo
    week text NOT NULL,                    -- 2020-W14
    week_start timestamptz NOT NULL,       -- Monday 00:00 Europe/Amsterdam
    unreached integer NOT NULL,
    unreached_during integer NOT NULL,
    newly_lost integer NOT NULL,
    restored integer NOT NULL,
    moved_in integer NOT NULL,
    moved_out integer NOT NULL,
    unreached_over_4_weeks integer NOT NULL,
    households integer NOT NULL,
    devices_lent_laptop integer NOT NULL,
    devices_lent_tablet integer NOT NULL,
    devices_lent_internet integer NOT NULL,
    door_visits_contact integer NOT NULL,
    door_visits_no_answer integer NOT NULL,
    door_visits_moved_away integer NOT NULL,
    door_visits_refused integer NOT NULL,
    PRIMARY KEY (municipality, sector, week)
);
CREATE INDEX counts_by_week ON kindinbeeld.counts (week_start);

-- The rows of `kindinbeeld counts --table coverage`.
CREATE TABLE kindinbeeld.coverage (
    municipality text NOT NULL,
    sector text NOT NULL,
    week text NOT NULL,
    week_start timestamptz NOT NULL,
    schools_expected integer NOT NULL,
    schools_reported integer NOT NULL,
    schools_on_time integer NOT NULL,
    claimed_unreached bigint NOT NULL,     -- a sum of claims, each up to a thousand million
    PRIMARY KEY (municipality, sector, week)
);
CREATE INDEX coverage_by_week ON kindinbeeld.coverage (week_start);

-- Every area that has a name: NL, PV20 and on, VR01 and on, GM0014 and on, unknown.
CREATE TABLE kindinbeeld.areas (
    code text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('country', 'province', 'region', 'municipality', 'unknown')),
    name text NOT NULL
);

-- Of each municipality the codes of the safety region and the province that it lies in.
CREATE TABLE kindinbeeld.municipalities (
    code text PRIMARY KEY,
    name text NOT NULL,
    region text NOT NULL,
    province text NOT NULL
);

-- The closures that stand.
CREATE TABLE kindinbeeld.closures (
    name text PRIMARY KEY,
    sectors text[] NOT NULL,
    municipalities text[],                 -- null: the whole country
    starts date NOT NULL,                  -- the first day closed
    until date                             -- the last day closed; null: not known yet
);

-- One row: as of when all of this stands, and how far the view and the ledger were when it was written.
CREATE TABLE kindinbeeld.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    as_of timestamptz NOT NULL,            -- the knowledge time K, by the system's clock
    position bigint NOT NULL,              -- the ledger's sequence up to which events are in
    ledger_end bigint NOT NULL,            -- the ledger's last sequence
    written timestamptz NOT NULL           -- by the clock of the machine
);
