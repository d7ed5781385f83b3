-- What is known of pupils, with small numbers in place of text; the numbers stand for the text itself, not for a hash.
create or replace temp table pupil as
select pupil, row_number() over ()::integer as number from (select distinct pupil from standing where pupil is not null);

create or replace temp table household as
select household, row_number() over ()::integer as number
from (select distinct household from standing where household is not null);

create or replace temp table report as
select
    kind::enum ('contact-lost', 'contact-restored', 'residence-established', 'device-lent', 'door-visit') as kind,
    pupil.number as pupil,
    epoch_us(occurred_at) as happened,
    sector_number(sector) as sector,
    place_number(municipality) as place,
    household.number as household,
    coalesce(device, outcome) as help,
    position
from standing inner join pupil using (pupil) left join household using (household);

-- Losses and statements of one pupil at one instant: only there the order of source and id decides.
create or replace temp table tied as
select position, row_number() over (partition by pupil, happened order by source, id) as rank
from (
    select pupil, happened, position
    from report
    where kind in ('contact-lost', 'residence-established')
) inner join (
    select pupil, happened
    from report
    where kind in ('contact-lost', 'residence-established')
    group by all
    having count(*) > 1
) using (pupil, happened) inner join (select position, source, id from events) using (position);
