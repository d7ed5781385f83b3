"""Which schools have not answered for a week, from the ledger, by the definition of the coverage itself.

Only the ledger's events about schools, closures and retractions are read: none about a pupil. What follows is the
columnar replay's own coverage, so a school is silent here exactly where the table counts it as expected and not as
having reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from events import EVENTS_STREAM, Rejected, week_monday
from services.ledger.connecting import connect
from services.ledger.message import judge
from services.system import SystemRecord, SystemUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.api import ConsumerConfig

__all__ = ["Silent", "number_of_messages", "silent_schools"]

_KINDS: Final = ("school-registered", "week-reported", "closure-announced", "reminder-sent", "report-retracted")
_FETCH: Final = 1_000
_SECONDS: Final = 10

_QUERY: Final = """
with week as (
    select number, place, sector from expected where monday = $monday
), before as (
    -- Of each school its closed weeks before this one, and those of them without an answer in time.
    select number, count(*) as weeks, count(*) filter (first is null or first >= ends) as late
    from expected left join answered using (number, label)
    where monday < $monday
    group by all
), reminder as (
    select school, sector, count(*) as times, epoch_us(max(occurred_at)) as last
    from standing where kind = 'reminder-sent' and week = $week
    group by all
), named as (
    select school, sector, name from standing where kind = 'school-registered'
    qualify row_number() over (partition by school, sector order by recorded_at desc, source desc, id desc) = 1
)
select
    place_name(school.place) as municipality, school.school, school.sector, named.name,
    coalesce(before.late, 0), coalesce(before.weeks, 0), coalesce(reminder.times, 0), reminder.last
from week
inner join school using (number)
left join before using (number)
left join reminder on reminder.school = school.school and reminder.sector = school.sector
left join named on named.school = school.school and named.sector = school.sector
where number not in (select number from answered where label = $week)
order by all
"""


@dataclass(frozen=True, slots=True)
class Silent:
    """A school that was expected to answer for a week and has not.

    `late_before`: of its `weeks_before` closed weeks before this one, in how many it had not answered before their end.
    `reminded`: how many times for this week, `last_reminded`: when last, in microseconds since 1970-01-01T00:00Z.
    """

    municipality: str
    school: str
    sector: str
    name: str | None
    late_before: int
    weeks_before: int
    reminded: int
    last_reminded: int | None


def silent_schools(record: SystemRecord, week: str, as_of: int) -> list[Silent]:
    """List the schools that have not answered for a week as known at `as_of` (micros), by municipality and school.

    Raises `Rejected` for a week that does not exist and SystemUnavailable when the ledger does not answer.
    """
    from projections.evaluation import columns_of, replaying

    monday = week_monday(week)
    with replaying(columns_of(_history(record), keep_event=False)) as replay:
        replay.table("coverage", as_of)
        rows = replay.connection.execute(_QUERY, {"monday": monday, "week": week}).fetchall()
    return [Silent(*row) for row in rows]


def _history(record: SystemRecord) -> Iterator[tuple[int, int, bytes]]:
    """Give (sequence, recorded time in microseconds, bytes) of the events about schools and closures."""
    with asyncio.Runner() as runner:
        ledger = runner.run(connect(record.nats, name="reminders"))
        try:
            for sequence, stamped, subject, raw in runner.run(_read(ledger.nc)):
                try:
                    _, recorded = judge(subject, stamped, raw)
                except Rejected:
                    continue  # the view lists it
                yield sequence, recorded, raw
        finally:
            runner.run(ledger.close())


async def number_of_messages(nc: Client) -> int | None:
    """Give how many messages say something of schools and closures: while it stays, so do the lists of a day.

    None when the ledger does not answer.
    """
    import nats.errors

    try:
        js = nc.jetstream(timeout=_SECONDS)
        info = await js.add_consumer(EVENTS_STREAM, _consumer())
        await js.delete_consumer(EVENTS_STREAM, info.name)
    except (nats.errors.Error, OSError, TimeoutError):
        return None
    return info.num_pending


def _consumer() -> ConsumerConfig:
    """Describe a reader of the messages of these kinds, from the first one on."""
    from nats.js.api import AckPolicy, ConsumerConfig

    return ConsumerConfig(
        # Those that name a part too, where several workers keep the live view.
        filter_subjects=[f"kib.events.*.{what}{part}" for what in (*_KINDS, "school") for part in ("", ".*")],
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=60,
    )


async def _read(nc: Client) -> list[tuple[int, int, str, bytes]]:
    """Read the messages of these kinds, up to the newest at this moment, in the ledger's order."""
    import nats.errors

    read: list[tuple[int, int, str, bytes]] = []
    try:
        js = nc.jetstream(timeout=_SECONDS)
        info = await js.add_consumer(EVENTS_STREAM, _consumer())
        subscription = await js.pull_subscribe_bind(info.name, EVENTS_STREAM)
        left = info.num_pending or 0
        while left > 0:
            for message in await subscription.fetch(min(left, _FETCH), timeout=_SECONDS):
                tokens = message.reply.split(".")
                at = 5 if len(tokens) == 9 else 7  # as in services.ledger.consumer
                sequence, nanoseconds = int(tokens[at]), int(tokens[at + 2])
                read.append((sequence, nanoseconds // 1000, message.subject, message.data))
                left -= 1
        await subscription.unsubscribe()
        await js.delete_consumer(EVENTS_STREAM, info.name)
    except (nats.errors.Error, OSError, TimeoutError):
        raise SystemUnavailable("the ledger does not answer") from None
    return read
