-- COUNTS, "When schools are closed": the last recorded announcement of one closure stands whole.
select
    list_transform(sectors, lambda name: sector_number(name)) as sectors,
    from_date,
    until_date,
    list_transform(municipalities, lambda code: place_number(code)) as places,
    first_announced
from (
    select *, epoch_us(min(recorded_at) over (partition by closure)) as first_announced
    from standing
    where kind = 'closure-announced'
    qualify row_number() over (partition by closure order by recorded_at desc, source desc, id desc) = 1
)
where getvariable('partial_counts') or regime is distinct from 'partial';
