-- The measures: COUNTS, "The measures of a row". Each becomes steps: from `week` on it is `n` higher. Weeks are numbered
-- within a pattern of closed days, days from the calendar's first on; see projections.evaluation.calendar.
create or replace temp macro within(happened) as greatest(happened, getvariable('first_start'));

create or replace temp macro noon_before(happened) as
(least(within(happened), getvariable('as_of') - 1) - getvariable('first_noon')) // 86400000000;

create or replace temp macro day_key(pattern, happened, noon, midnight) as
pattern * (getvariable('days') + 1)::bigint
+ if(happened >= getvariable('as_of'), getvariable('days'), noon - (within(happened) < midnight)::integer);

-- Each stay with what the calendar says of its first instant, of its end, and of the last microsecond in which its
-- interval is no 4 weeks old.
create or replace temp table placed as
select
    pupil,
    household,
    sector,
    place,
    dated.pattern,
    opens,
    closes,
    start.weeks_over as from_week,
    stop.weeks_over as to_week,
    greatest(start.weeks_over, young.weeks_over) as from_week_over_4,
    start.closed as start_closed,
    start.week_next as start_week,
    stop.closed as stop_closed,
    stop.week_next as stop_week,
    -- Closed days before the end: its own day is one of them unless the stay ends at its midnight.
    start.closed_before < stop.closed_before + (stop.closed and not at_midnight)::integer as during,
    if(stop.closed and not at_midnight, stop.week_next, stop.week_before) + 1 as after_during
from (
    select
        stay.* exclude (began, ended, since, until),
        pattern,
        since = began as opens,
        until = ended as closes,
        until = stop.starts as at_midnight,
        day_key(pattern, since, start.day, start.starts) as start_key,
        day_key(pattern, until, stop.day, stop.starts) as stop_key,
        day_key(pattern, began + 28 * 86400000000 - 1, young.day, young.starts) as young_key
    from stay
    inner join pattern_of using (sector, place)
    inner join midnight as start on start.day = noon_before(since)
    inner join midnight as stop on stop.day = noon_before(until)
    inner join midnight as young on young.day = noon_before(began + 28 * 86400000000 - 1)
    where since < getvariable('as_of')
) as dated
inner join calendar_day as start on start.key = start_key
inner join calendar_day as stop on stop.key = stop_key
inner join calendar_day as young on young.key = young_key;

-- What holds over a span of weeks. A pupil (a household) counts once in a week: where the spans of one and the same
-- overlap, a later one adds only the weeks after the earlier ones.
create or replace temp table span as
select 'unreached'::measure as measure, sector, place, pattern, from_week as week, to_week as until_week from placed
union all
select 'unreached_over_4_weeks', sector, place, pattern, from_week_over_4, to_week from placed
union all
select
    measure,
    sector,
    place,
    pattern,
    greatest(
        week,
        max(until_week) over (
            partition by measure, owner, sector, place order by week rows between unbounded preceding and 1 preceding
        )
    ),
    until_week
from (
    select
        'unreached_during'::measure as measure,
        pupil as owner,
        sector,
        place,
        pattern,
        start_week as week,
        after_during as until_week
    from placed
    where during
    union all
    select 'households', household, sector, place, pattern, from_week, to_week from placed where from_week < to_week
);

-- What happens in one week.
create or replace temp table point as
select 'newly_lost'::measure as measure, sector, place, pattern, start_week as week from placed
where opens and start_closed
union all
select 'moved_in', sector, place, pattern, start_week from placed where not opens and start_closed
union all
select 'restored', sector, place, pattern, stop_week from placed where closes and stop_closed
union all
select 'moved_out', sector, place, pattern, stop_week from placed where not closes and stop_closed
union all
select
    if(kind = 'device-lent', 'devices_lent_', 'door_visits_') || replace(help, '-', '_'),
    sector,
    place,
    pattern_of.pattern,
    week_next
from (
    select report.* exclude (place), coalesce(residence.place, 10000) as place
    from report left join residence on report.pupil = residence.pupil and happened >= arrived and happened < departed
    where kind in ('device-lent', 'door-visit') and happened < getvariable('as_of')
)
inner join pattern_of using (sector, place)
inner join midnight on midnight.day = noon_before(happened)
inner join calendar_day on calendar_day.key = day_key(pattern_of.pattern, happened, midnight.day, starts) and closed;

create or replace temp table cell as
with step as (
    select measure, sector, place, pattern, week, count(*) as n from span where week < until_week group by all
    union all
    select measure, sector, place, pattern, until_week, -count(*) from span where week < until_week group by all
    union all
    select measure, sector, place, pattern, week, count(*) from point group by all
    union all
    select measure, sector, place, pattern, week + 1, -count(*) from point group by all
), level as (
    select
        measure,
        sector,
        place,
        pattern,
        week,
        sum(sum(n)) over steps as value,
        lead(week) over steps as until_week
    from step
    group by measure, sector, place, pattern, week
    window steps as (partition by measure, sector, place order by week)
)
select measure, sector, place, label as week, value::bigint as value
from level inner join calendar_week using (pattern)
where value <> 0 and calendar_week.week >= level.week and calendar_week.week < until_week;
