-- COUNTS, "Once": of the events with one source and id the first recorded stands, the others are copies of it.
-- A hash finds the few that may be copies; which of them are is decided on the text itself.
create or replace temp table suspect as
select hash(source, id) as key from events group by all having count(*) > 1;

create or replace temp table copy as
select position, original
from (
    select position, first_value(position) over (partition by source, id order by recorded_at, position) as original
    from events
    where hash(source, id) in (from suspect)
)
where position <> original;
