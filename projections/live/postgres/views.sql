-- Which views there are: each in the schema kindinbeeld_view_<number>. One is in place (`current`).
-- One that was built beside it waits to be put there (`ready`); the one before is kept for who still reads it (`old`).
CREATE TABLE kindinbeeld_view.view (
    number integer PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('building', 'ready', 'current', 'old')),
    since timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_current ON kindinbeeld_view.view (state) WHERE state = 'current';
