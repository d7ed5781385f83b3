-- What of the messages in `event` stands in the end, as one that follows the ledger in its order would have it.

-- COUNTS, "Once": the first recorded of the messages under one key stands; between equals the one earlier in the ledger.
-- Most keys stand under one message; of the others each message meets the one that stood when it arrived.
create table arrival as
with suspect as (select key1 from event group by key1 having count(*) > 1)
select
    key1, key2, position, recorded, owner, kind, occurred,
    {'one': content1, 'two': content2} as content,
    min(recorded) over earlier as known_recorded,
    arg_min(position, {'recorded': recorded, 'position': position}) over earlier as known_position,
    arg_min({'one': content1, 'two': content2}, {'recorded': recorded, 'position': position}) over earlier as known_content,
    position = first_value(position) over (partition by key1, key2 order by recorded, position) as stands
from event semi join suspect using (key1)
window earlier as (
    partition by key1, key2 order by position rows between unbounded preceding and 1 preceding
);

create table copy as select position from arrival where not stands;

-- Of two with other contents the one that does not stand is set aside: the later one, or the one it displaces.
create table other_content as
select
    if(recorded >= known_recorded, position, known_position) as position,
    if(recorded >= known_recorded, recorded, known_recorded) as recorded
from arrival
where known_position is not null and content <> known_content;

-- Those that stood for a time. Whom they were about has been written down, be it with nothing any more.
create table displaced as
select owner, kind, occurred, recorded from arrival
where not stands and (known_recorded is null or recorded < known_recorded);

create table retraction as
select owner, key1, key2 from event where kind = getvariable('retraction') and position not in (from copy);

create table retracted as
select distinct
    ('0x' || owner[:16])::ubigint as key1,
    ('0x' || owner[17:])::ubigint as key2
from retraction;

-- In the order of the text, a number stands for each source.
create table source as
select source, (row_number() over (order by source) - 1)::integer as number
from (select distinct source from event where source is not null);
