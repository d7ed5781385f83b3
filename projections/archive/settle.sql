-- What stands of the events in the segments (view `events`, table `copy`), as small numbers: docs/archive.md.

create temp table withdrawn as
select retracts_source as source, retracts_id as id, min(recorded_at) as until_known
from events anti join copy using (position)
where kind = 'report-retracted'
group by all;

create temp view standing as
select events.*, until_known
from events anti join copy using (position) left join withdrawn using (source, id)
where kind <> 'report-retracted';

create temp table source as
select (row_number() over (order by source) - 1)::smallint as number, source
from (select distinct source from events);

-- The pupils of one household beside each other: what is read together lies together.
create temp table pupil as
select (row_number() over (order by household nulls last, pupil) - 1)::integer as number, pupil
from (select pupil, min(household) as household from events where pupil is not null group by pupil);

create temp table household as
select (row_number() over (order by household) - 1)::integer as number, household
from (select distinct household from events where household is not null);

-- Losses and statements of one pupil at one instant: only there the order of source and id decides.
create temp table tied as
select position, row_number() over (partition by pupil, occurred_at order by source, id)::integer as rank
from (
    select pupil, occurred_at, source, id, position from standing
    where kind in ('contact-lost', 'residence-established')
) semi join (
    select pupil, occurred_at from standing
    where kind in ('contact-lost', 'residence-established')
    group by all
    having count(*) > 1
) using (pupil, occurred_at);

create temp view report as
select
    pupil.number as pupil,
    occurred_at as occurred,
    recorded_at as recorded,
    until_known,
    (list_position(
        ['contact-lost', 'contact-restored', 'residence-established', 'device-lent', 'door-visit'], kind
    ) - 1)::tinyint as kind,
    coalesce(rank, 0)::integer as rank,
    (list_position(['po', 'so', 'vo', 'mbo'], sector) - 1)::tinyint as sector,
    substr(municipality, 3)::smallint as place,
    household.number as household,
    coalesce(
        list_position(['laptop', 'tablet', 'internet'], device),
        list_position(['contact', 'no-answer', 'moved-away', 'refused'], outcome)
    )::tinyint - 1 as detail,
    source.number as source,
    position
from standing
inner join pupil using (pupil)
inner join source using (source)
left join household using (household)
left join tied using (position);
