"""Marking a reminder as sent: a `reminder-sent` for each school, through the coordinator's desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from events import NotDeliveredError, ReminderSent, Reporter, from_micros
from services.reminders.silence import Silent
from services.system import Finding, SystemRecord, SystemUnavailable

__all__ = ["mark_sent", "reminder_id"]

_REMINDERS: Final = UUID("8c0f4a59-3d1b-5f0a-9a53-0f7f2f9c8e21")
_PATIENCE: Final = 5.0


def reminder_id(source: str, school: str, sector: str, week: str, reminded: int) -> str:
    """Give the id of the reminder that `source` sends to a school for a week after `reminded` earlier ones."""
    return str(uuid5(_REMINDERS, f"{source}\n{school}\n{sector}\n{week}\n{reminded}"))


async def mark_sent(
    record: SystemRecord, schools: Sequence[Silent], week: str, source: str, now: int, outbox: Path | None = None
) -> Counter[str]:
    """Report that these schools were reminded for a week at `now` (micros); gives how many by the desk's answer.

    The first reminder of a school for a week has one id, the second another: two people who mark the same one at the
    same time mark it once. Raises SystemUnavailable when the desk does not answer and Finding when it refuses.
    """
    fates: Counter[str] = Counter()
    address = record.address_of("reporter")
    reporter = Reporter(
        address.url,
        source=source,
        desk="coordinator",
        user=address.user,
        key=address.password,
        ca=address.ca,
        outbox=outbox,
        patience=_PATIENCE,
    )
    async with reporter:
        for each in schools:
            try:
                answer = await reporter.report(
                    ReminderSent,
                    id=reminder_id(source, each.school, each.sector, week, each.reminded),
                    occurred_at=from_micros(now),
                    school=each.school,
                    sector=each.sector,
                    week=week,
                )
            except NotDeliveredError as error:
                raise SystemUnavailable(f"the coordinator's desk: {error.reason}") from None
            # Another time under the same id: somebody else has marked it a moment ago.
            fate = "known" if answer.fate == "conflict" else answer.fate
            if fate in ("rejected", "forbidden"):
                raise Finding(f"the coordinator's desk refused: {answer.field}: {answer.rule}")
            fates[fate] += 1
    return fates
