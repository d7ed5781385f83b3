"""Reports by NATS, request and reply, for programs inside: `kib.desk.<desk>.report`, one structured CloudEvent each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import nats.errors
import structlog
from faststream.exceptions import FastStreamException
from faststream.nats import NatsMessage
from faststream.specification.base import Specification
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from events import Event, resend_subject
from services.desks.answers import DeskUnavailable
from services.desks.desk import Desk
from services.ledger.broker import LedgerBroker
from services.ledger.connecting import inbox_prefix
from services.ledger.refusals import REFUSAL_HEADER
from services.reminders.asking import SILENT_SUBJECT, SilentAnswer, SilentRequest
from services.system import SystemRecord, SystemUnavailable

__all__ = ["DeskBroker", "ReportAnswer", "describe_intake", "make_intake", "report_subject"]

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 512
_AGAIN_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 55.0
"""A little more than the live view takes at most."""


def report_subject(desk: str) -> str:
    """Give the subject on which a desk takes reports in and answers them."""
    return f"kib.desk.{desk}.report"


class ReportAnswer(BaseModel):
    """What the desk says of a report. Only `accepted` and `known` mean that it is kept and will reach the ledger.

    `unavailable`: it is not known to be taken in, `rule` says why; send it again later.
    """

    model_config = ConfigDict(frozen=True)

    fate: Literal["accepted", "known", "conflict", "rejected", "forbidden", "unavailable"]
    source: str | None = None
    id: str | None = None
    field: str | None = None
    rule: str | None = None


class _AsEvent:
    """Describes the bytes of a report as the event that they should be; the desk itself checks that they are."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=handler.generate_schema(Event), python_schema=core_schema.any_schema()
        )


Raw = Annotated[bytes, _AsEvent]


class ResendAnswer(BaseModel):
    """What the desk says of a refusal that it was to take once more; `absent`: it holds none with this id."""

    model_config = ConfigDict(frozen=True)

    fate: Literal["accepted", "known", "conflict", "rejected", "forbidden", "unavailable", "absent"]
    field: str | None = None
    rule: str | None = None


class DeskBroker(LedgerBroker):
    """A broker that finds its ledger only when it connects, and waits for it as long as it takes."""

    find: Callable[[], SystemRecord]
    part: str

    async def _connect(self) -> Any:
        while True:
            try:
                address = self.find().address_of(self.part)
                self._connection_kwargs |= {
                    "servers": address.servers,
                    "user": address.user,
                    "password": address.password,
                    "inbox_prefix": inbox_prefix(address),
                    "tls": address.tls(),
                }
                return await super()._connect()
            except SystemUnavailable:
                pass
            except Exception as error:
                _log.warning("the ledger does not let the desk in", desk=self.part, why=type(error).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def ask_silent(self, request: SilentRequest) -> SilentAnswer | None:
        """Ask the live view which schools are silent; None when it is away or does not answer in time."""
        if self._connection is None or not self._connection.is_connected:
            return None
        try:
            message = await self.request(request, SILENT_SUBJECT, timeout=_PATIENCE_SECONDS)
            return SilentAnswer.model_validate_json(message.body)
        except (nats.errors.Error, FastStreamException, OSError, TimeoutError, ValueError) as error:
            _log.warning("the live view does not say which schools are silent", why=type(error).__name__)
            return None


async def _as_it_is(message: NatsMessage) -> bytes:
    return message.body


async def _whole(message: NatsMessage) -> tuple[str, bytes]:
    return message.headers.get(REFUSAL_HEADER, ""), message.body


def make_intake(desk: Desk, find: Callable[[], SystemRecord]) -> DeskBroker:
    """Make the broker on which a desk takes reports in; it is not connected yet."""
    subject = report_subject(desk.name)
    broker = DeskBroker(
        specification_url="nats://localhost:4222",
        description="The system's own NATS server. Each organisation uses its own address.",
        name=f"desk {desk.name} intake",
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        logger=None,
    )
    broker.find, broker.part = find, desk.name

    # Many at once, or each would wait for a commit of its own.
    @broker.subscriber(
        subject,
        queue=f"desk-{desk.name}",
        max_workers=_AT_ONCE,
        decoder=_as_it_is,
        title=subject,
        description=f"A report to the desk {desk.name}, answered when it is stored durably.",
    )
    async def report(raw: Raw) -> ReportAnswer:
        try:
            (answer,) = await desk.accept([raw])
        except DeskUnavailable as problem:
            return ReportAnswer(fate="unavailable", rule=problem.reason)
        return ReportAnswer(
            fate=answer.fate.value, source=answer.source, id=answer.id, field=answer.field, rule=answer.rule
        )

    # For the system's own command, so it is not in the description for those who report.
    @broker.subscriber(
        resend_subject(desk.name),
        queue=f"desk-{desk.name}",
        max_workers=_AT_ONCE,
        decoder=_whole,
        include_in_schema=False,
    )
    async def resend(given: tuple[str, bytes]) -> ResendAnswer:
        try:
            answer = await desk.resend(UUID(given[0]), given[1] or None)
        except (LookupError, ValueError):
            return ResendAnswer(fate="absent")
        except DeskUnavailable as problem:
            return ResendAnswer(fate="unavailable", rule=problem.reason)
        return ResendAnswer(fate=answer.fate.value, field=answer.field, rule=answer.rule)

    return broker


def describe_intake(specification: Specification, desk: str) -> dict[str, Any]:
    """Give the AsyncAPI document of a desk, with the answer, which FastStream leaves out."""
    # AsyncAPI allows no colon in the name of a component.
    text = specification.to_json().replace(":Message:Payload", ".payload").replace(":SubscribeMessage", ".message")
    document: dict[str, Any] = json.loads(text)
    name = report_subject(desk)
    for message in document["components"]["messages"].values():
        message.pop("correlationId", None)  # FastStream's own header: a report needs none
    document["components"]["schemas"]["ReportAnswer"] = ReportAnswer.model_json_schema()
    document["components"]["messages"]["ReportAnswer"] = {
        "title": "ReportAnswer",
        "payload": {"$ref": "#/components/schemas/ReportAnswer"},
    }
    document["channels"]["answer"] = {
        "address": None,
        "messages": {"ReportAnswer": {"$ref": "#/components/messages/ReportAnswer"}},
    }
    document["operations"][name]["reply"] = {
        "address": {"description": "The reply subject of the request.", "location": "$message.header#/reply"},
        "channel": {"$ref": "#/channels/answer"},
    }
    return document
