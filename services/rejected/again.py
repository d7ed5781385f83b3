"""Giving what was rejected once more: to the desk that refused it, or by an import, whichever way it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from events import DESKS, IMPORT_DESK, Rejected, resend_subject, resolved_subject
from services.ledger.catching_up import catch_up
from services.ledger.connecting import Ledger, connect, inbox_prefix
from services.ledger.import_lines import Chunk
from services.ledger.importing import Importer
from services.ledger.known import import_index
from services.ledger.reading import RejectedMessage
from services.ledger.refusals import REFUSAL_HEADER
from services.system import DataDir, SystemRecord, SystemUnavailable

__all__ = ["Again", "Outcome", "give_again"]

_PATIENCE: Final = 10.0
_AT_ONCE: Final = 1_000
"""Marks on their way at a time."""
_ABSENT: Final = "the desk does not hold it any more: report it anew"


@dataclass(frozen=True)
class Again:
    """One to be given once more; `corrected`: in its place this."""

    message: RejectedMessage
    corrected: bytes | None = None

    @property
    def raw(self) -> bytes:
        """What is given."""
        return self.message.content if self.corrected is None else self.corrected


@dataclass(frozen=True)
class Outcome:
    """What became of it: a desk's word (`accepted`, `known`, `rejected`, `conflict`, `forbidden`), or none.

    `unavailable`: nobody answered or could store; `absent`: the desk has it no more. `field` and `rule` tell why not.
    """

    message: RejectedMessage
    fate: str
    field: str | None = None
    rule: str | None = None

    @property
    def stands(self) -> bool:
        """Whether it is made good."""
        return self.fate in ("accepted", "known")

    @property
    def answered(self) -> bool:
        """Whether somebody judged it."""
        return self.fate not in ("unavailable", "absent")


async def give_again(record: SystemRecord, data_dir: DataDir, given: Sequence[Again]) -> AsyncIterator[Outcome]:
    """Give each to its desk, one after the other, then those of imports in one import; tell what became of each.

    What stands now counts as made good. Raises SystemUnavailable when the ledger or the import cannot be used.
    """
    imported = [each for each in given if each.message.desk == IMPORT_DESK]
    if len(imported) < len(given):
        async with await connect(record.address_of("resender"), name="kindinbeeld rejected") as ledger:
            away: dict[str, Outcome] = {}
            for each in given:
                desk = each.message.desk
                if desk not in DESKS:
                    continue
                # Who did not answer is not waited for again.
                outcome = replace(away[desk], message=each.message) if desk in away else await _to_desk(ledger, each)
                if outcome.fate == "unavailable":
                    away[desk] = outcome
                yield outcome
    if imported:
        for outcome in await _import(record, data_dir, imported):
            yield outcome


async def _to_desk(ledger: Ledger, again: Again) -> Outcome:
    import nats.errors

    message = again.message
    headers = {REFUSAL_HEADER: str(message.id)}
    subject = resend_subject(message.desk)
    # Where this desk may answer from a leaf node too.
    inbox = f"{inbox_prefix(ledger.address)}.{message.desk}.{ledger.nc.new_inbox().rpartition('.')[2]}"
    try:
        answers = await ledger.nc.subscribe(inbox)
        try:
            await ledger.nc.publish(subject, again.corrected or b"", reply=inbox, headers=headers)
            said = json.loads((await answers.next_msg(_PATIENCE)).data)
        finally:
            await answers.unsubscribe()
        fate = str(said["fate"])
    except (nats.errors.Error, OSError, ValueError, KeyError, TypeError):
        return Outcome(message, "unavailable", rule=f"the desk {message.desk} does not answer")
    if fate == "absent":
        return Outcome(message, fate, rule=_ABSENT)
    return Outcome(message, fate, said.get("field"), said.get("rule"))


async def _import(record: SystemRecord, data_dir: DataDir, given: Sequence[Again]) -> list[Outcome]:
    refused: dict[int, Rejected] = {}
    known: set[int] = set()
    with import_index(data_dir) as index:
        async with await connect(record.address_of(IMPORT_DESK), name="kindinbeeld rejected") as ledger:
            importer = Importer(
                ledger,
                index,
                await catch_up(ledger.nc, index),
                record.clock,
                on_rejected=refused.__setitem__,
                on_settled=_noting(known),
                keep=False,
                parted=record.workers > 1,
            )
            # In the place of the number of a line stands which one it is.
            await importer.run((number, each.raw) for number, each in enumerate(given))
            outcomes = [_imported(each, refused.get(number), number in known) for number, each in enumerate(given)]
            await _mark(ledger, [outcome.message for outcome in outcomes if outcome.stands])
    return outcomes


def _noting(known: set[int]) -> Callable[[Chunk], None]:
    """Note those of which the ledger had a copy already."""
    new: set[tuple[bytes, bytes]] = set()

    def settled(chunk: Chunk) -> None:
        found = chunk.found.result()
        for line in chunk.lines:
            before = found.get(line.key)
            if (before is not None and before[1] == line.content) or (line.key, line.content) in new:
                known.add(line.number)
            new.add((line.key, line.content))

    return settled


def _imported(again: Again, why: Rejected | None, known: bool) -> Outcome:
    if why is not None:
        return Outcome(again.message, "rejected", why.field, why.rule)
    return Outcome(again.message, "known" if known else "accepted")


async def _mark(ledger: Ledger, messages: Sequence[RejectedMessage]) -> None:
    """Say of refusals of imports that they were made good, as a desk says of its own."""
    import nats.errors

    js = ledger.nc.jetstream(timeout=_PATIENCE)
    try:
        for begin in range(0, len(messages), _AT_ONCE):
            ids = [str(each.id).encode() for each in messages[begin : begin + _AT_ONCE]]
            await asyncio.gather(*(js.publish(resolved_subject(IMPORT_DESK), id) for id in ids))
    except (nats.errors.Error, OSError):
        raise SystemUnavailable("the ledger does not answer; it has what was given, give it again to mark it") from None
