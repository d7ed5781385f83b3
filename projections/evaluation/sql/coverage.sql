-- COUNTS, "Coverage": of a school and sector the last recorded registration stands whole.
create or replace temp table school as
select
    school,
    sector,
    row_number() over ()::integer as number,
    sector_number(sector) as sector_of,
    place_number(municipality) as place,
    from_date,
    until_date
from (
    from standing
    where kind = 'school-registered'
    qualify row_number() over (partition by school, sector order by recorded_at desc, source desc, id desc) = 1
);

-- The weeks in which a school is expected: those that its dates meet.
create or replace temp table expected as
select number, sector_of as sector, school.place, calendar_week.* exclude (pattern, week)
from school
inner join pattern_of on pattern_of.sector = sector_of and pattern_of.place = school.place
inner join calendar_week using (pattern)
where from_date <= date '0001-01-01' + (monday + 5)
    and coalesce(until_date >= date '0001-01-01' + (monday - 1), true);

create or replace temp table answer as
select number, week as label, epoch_us(recorded_at) as recorded, unreached, position
from standing
inner join school using (school, sector)
where kind = 'week-reported' and week in (select label from expected);

-- The first and the last recorded; where two were recorded last at one instant, the highest source and id decide.
create or replace temp table answered as
with ends as (
    select number, label, min(recorded) as first, max(recorded) as last, count(*) as answers from answer group by all
), single as (
    select number, label, first, unreached from ends inner join answer using (number, label) where last = recorded
        qualify count(*) over (partition by number, label) = 1
)
from single
union all by name
select number, label, first, arg_max(unreached, (source, id)) as unreached
from ends inner join answer using (number, label) inner join (select position, source, id from events) using (position)
where last = recorded and (number, label) not in (select number, label from single)
group by all;

create or replace temp table cell as
select
    sector,
    place,
    label as week,
    count(*) as schools_expected,
    count(first) as schools_reported,
    count(*) filter (first < ends) as schools_on_time,
    coalesce(sum(unreached), 0)::bigint as claimed_unreached
from expected left join answered using (number, label)
group by all;
