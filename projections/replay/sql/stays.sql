-- Parts of unreached intervals, each spent living in one place: COUNTS, "When a pupil is unreached", "Where a pupil lives".
set variable always = 9000000000000000000;

-- In the order of a pupil's events (lost before restored) a loss after a restoration, or the first of all, opens an
-- interval, and the first restoration after it closes it. At one instant a restoration has the last word: an interval
-- opened there has no length.
create or replace temp table unreached as
select pupil, sector, household, happened as began, coalesce(restored, getvariable('always')) as ended
from (
    select
        *,
        lag(kind) over contact as previous,
        min(if(kind = 'contact-restored', happened, null))
            over (contact rows between current row and unbounded following) as restored
    from (
        select pupil, happened, kind, sector, household, coalesce(rank, 0) as rank
        from report left join tied using (position)
        where kind in ('contact-lost', 'contact-restored')
    )
    window contact as (partition by pupil order by happened, kind, rank)
)
where kind = 'contact-lost' and previous is distinct from 'contact-lost' and restored is distinct from happened;

-- Residences: of most pupils every statement says the same. Of the others the last statement of an instant holds,
-- until the next that says something else; and what the first of all says holds before it, even where a second at that
-- very instant has the last word.
create or replace temp table stated as
select pupil, min(place) as place, max(place) as other from report where place is not null group by pupil;

create or replace temp table residence as
with statement as (
    select pupil, happened, place, coalesce(rank, 0) as rank
    from report left join tied using (position)
    where place is not null and pupil in (select pupil from stated where place <> other)
)
select pupil, place, -getvariable('always') as arrived, getvariable('always') as departed
from stated
where place = other
union all
select
    pupil,
    place,
    happened as arrived,
    coalesce(lead(happened) over (partition by pupil order by happened), getvariable('always')) as departed
from (
    select pupil, happened, place, lag(place) over (partition by pupil order by happened) as previous
    from (
        select pupil, happened, arg_max(place, rank) as place from statement group by pupil, happened
        union all
        select pupil, -getvariable('always'), arg_min(place, (happened, rank)) from statement group by pupil
    )
)
where previous is distinct from place;

create or replace temp table stay as
select
    pupil,
    sector,
    coalesce(place, 10000) as place,
    -- With none stated the pupil is a household of one: the numbers of pupils are negative there.
    coalesce(household, -pupil) as household,
    began,
    ended,
    greatest(began, coalesce(arrived, began)) as since,
    least(ended, coalesce(departed, ended)) as until
from unreached left join residence using (pupil)
where began < getvariable('as_of') and (arrived is null or (arrived < ended and departed > began));
