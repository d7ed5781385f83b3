"""`kindinbeeld rejected`: what was rejected, and which rule each broke."""

from __future__ import annotations

import asyncio
import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DataDirOption, data_dir_of
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.ledger.connecting import Ledger
    from services.ledger.reading import RejectedMessage
    from services.system import DataDir, SystemRecord

IN_LEDGER = "(ledger)"
"""In the column of the desk: it lies in the ledger at this sequence, and the live view set it aside."""

_ROW = "{:<27}  {:<12}  {:>8}  {:>9}  {:<24}  {}"


class Format(StrEnum):
    """The forms of the list."""

    TABLE = "table"
    NDJSON = "ndjson"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def rejected(
        format: Annotated[Format, typer.Option("--format", help="A table to read, or a JSON object per line.")] = (
            Format.TABLE
        ),
        content: Annotated[
            bool, typer.Option("--content", help="With ndjson: the rejected text too. It may be about a person.")
        ] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """List what was rejected: when, by which desk, on which line of an import, which field broke which rule.

        What lies in the ledger and is not counted is listed too, with its sequence there. Nothing of a rejected text is
        shown unless --content asks for it.
        """
        from services.system.logs import configure_logging
        from services.system.record import find_system

        configure_logging()
        if content and format is not Format.NDJSON:
            raise WrongUsage("--content needs --format ndjson")
        record = find_system(data_dir_of(data_dir))
        if format is Format.TABLE:
            print(_ROW.format("kept at", "desk", "line", "sequence", "field", "rule"))
        count = asyncio.run(_list(record, data_dir_of(data_dir), format, content))
        print(f"rejected {count}", file=sys.stderr)


async def _list(record: SystemRecord, place: DataDir, format: Format, content: bool) -> int:
    from services.ledger.connecting import connect
    from services.ledger.reading import read_rejected

    count = 0
    async with await connect(record.nats, name="kindinbeeld rejected") as ledger:
        async for batch in read_rejected(ledger.nc):
            count += len(batch)
            for message in batch:
                _show(message, format, content)
        async for message in _set_aside(ledger, place, content):
            count += 1
            _show(message, format, content)
    return count


async def _set_aside(ledger: Ledger, place: DataDir, content: bool) -> AsyncIterator[RejectedMessage]:
    """Give what lies in the ledger and is not counted, as the live view found it."""
    from events import EVENTS_STREAM
    from projections.live.reading import LiveReader
    from services.ledger.reading import RejectedMessage

    if not place.live_view.exists():
        return
    reader = LiveReader(place.live_view)
    try:
        aside = reader.set_aside()
    finally:
        reader.close()
    for each in aside:
        raw = b""
        if content:
            raw = (await ledger.nc.jetstream().get_msg(EVENTS_STREAM, each.position)).data or b""
        yield RejectedMessage(each.position, each.recorded, IN_LEDGER, None, each.field, each.rule, raw)


def _show(message: RejectedMessage, format: Format, content: bool) -> None:
    print(_row(message) if format is Format.TABLE else json.dumps(_object(message, content)))


def _row(message: RejectedMessage) -> str:
    from events import format_instant

    line = "" if message.line is None else str(message.line)
    return _ROW.format(format_instant(message.at), message.desk, line, message.sequence, message.field, message.rule)


def _object(message: RejectedMessage, content: bool) -> dict[str, Any]:
    from base64 import b64encode

    from events import format_instant

    shown: dict[str, Any] = {
        "keptAt": format_instant(message.at),
        "desk": message.desk,
        "line": message.line,
        "sequence": message.sequence,
        "field": message.field,
        "rule": message.rule,
    }
    if content:
        try:
            shown["content"] = message.content.decode()
        except UnicodeDecodeError:
            shown["contentBase64"] = b64encode(message.content).decode()
    return shown
