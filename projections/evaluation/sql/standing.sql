-- COUNTS, "Which events count": what exists as of K, that is recorded by then, no copy, and not retracted by then.
create or replace temp table gone as
select position from copy
union all
select e.position
from events as e
semi join (
    select retracts_source as source, retracts_id as id
    from events anti join copy using (position)
    where kind = 'report-retracted' and epoch_us(recorded_at) <= getvariable('as_of')
) as retraction using (source, id)
where e.kind <> 'report-retracted';

create or replace temp view standing as
select * from events anti join gone using (position) where epoch_us(recorded_at) <= getvariable('as_of');

-- Sectors and places as numbers that sort as their names do; see projections.evaluation.calendar for places.
create or replace temp macro sector_number(name) as
case name when 'mbo' then 0 when 'po' then 1 when 'so' then 2 when 'vo' then 3 end::tinyint;

create or replace temp macro sector_name(number) as ['mbo', 'po', 'so', 'vo'][number + 1];

create or replace temp macro place_number(municipality) as substr(municipality, 3)::smallint;

create or replace temp macro place_name(number) as
case when number = 10000 then 'unknown' else 'GM' || lpad(number::varchar, 4, '0') end;
