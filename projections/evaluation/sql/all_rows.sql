-- Rows in which every measure is zero: of each municipality whose code is valid on some closed day of the week.
insert into cell
select distinct 'unreached', sector, place, label, 0
from register
inner join pattern_of using (place)
inner join calendar_day using (pattern)
inner join calendar_week on calendar_week.pattern = pattern_of.pattern and calendar_week.week = week_next
where closed and getvariable('first_day') + day between valid_from and valid_until;
