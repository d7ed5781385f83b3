-- Parts of unreached intervals, each spent living in one place: COUNTS, "When a pupil is unreached", "Where a pupil lives".
set variable always = 9000000000000000000;

-- Which reports restore contact is a parameter of the definition: restores(kind, help), as is how residence is filled in;
-- see projections.evaluation.definition.
--
-- In the order of a pupil's events (lost before restored) a loss after a restoration, or the first of all, opens an
-- interval, and the first restoration after it closes it. At one instant a restoration has the last word: an interval
-- opened there has no length.
create or replace temp table unreached as
select pupil, sector, household, happened as began, coalesce(restored, getvariable('always')) as ended
from (
    select
        *,
        lag(lost) over contact as previous,
        min(if(lost, null, happened)) over (contact rows between current row and unbounded following) as restored
    from (
        select pupil, happened, kind = 'contact-lost' as lost, sector, household, coalesce(rank, 0) as rank
        from report left join tied using (position)
        where kind = 'contact-lost' or restores(kind, help)
    )
    window contact as (partition by pupil order by happened, lost desc, rank)
)
where lost and previous is distinct from true and restored is distinct from happened;

-- Residences: of most pupils every statement says the same. Of the others the last statement of an instant holds,
-- until the next that says something else; and what the first of all says holds before it, even where a second at that
-- very instant has the last word. So it is where residence is `stated`. Where it is as `known-then` a statement holds
-- from when it was recorded, unless a later one was known by then, and the residence is unknown before; where it is as
-- `at-the-end` the last one of all always holds.
create or replace temp table stated as
select pupil, min(place) as place, max(place) as other from report where place is not null group by pupil;

create or replace temp table residence as
with statement as (
    select
        pupil,
        happened,
        place,
        coalesce(rank, 0) as rank,
        case getvariable('residence')
            when 'stated' then happened
            when 'known-then' then greatest(happened, recorded)
            else -getvariable('always')
        end as holds
    from report
    left join tied using (position)
    left join (
        select position, epoch_us(recorded_at) as recorded from standing where getvariable('residence') = 'known-then'
    ) using (position)
    where place is not null
        and pupil in (select pupil from stated where place <> other or getvariable('residence') = 'known-then')
), newest as (
    from statement
    qualify (happened, rank) = max((happened, rank)) over (partition by pupil order by holds, happened, rank)
)
select pupil, place, -getvariable('always') as arrived, getvariable('always') as departed
from stated
where place = other and getvariable('residence') <> 'known-then'
union all
select
    pupil,
    place,
    holds as arrived,
    coalesce(lead(holds) over (partition by pupil order by holds), getvariable('always')) as departed
from (
    select pupil, holds, place, lag(place) over (partition by pupil order by holds) as previous
    from (
        select pupil, holds, arg_max(place, (happened, rank)) as place from newest group by pupil, holds
        union all
        select
            pupil,
            -getvariable('always'),
            if(getvariable('residence') = 'stated', arg_min(place, (happened, rank)), 10000)
        from statement
        where getvariable('residence') <> 'at-the-end'
        group by pupil
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
