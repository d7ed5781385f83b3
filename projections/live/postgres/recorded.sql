-- By the Monday of the week in which it was recorded, the last message taken in (projections/live/recorded.py).
CREATE TABLE recorded (monday integer PRIMARY KEY, position bigint NOT NULL);
