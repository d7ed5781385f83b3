"""`kindinbeeld rejected`: what was rejected, which rule each broke, and giving it once more."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DataDirOption, data_dir_of, ensure_rejecting_desk
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from services.rejected import Listed, Wanted
    from services.system import DataDir, SystemRecord

_ROW = "{:<27}  {:<12}  {:>8}  {:>9}  {:<24}  {}"
_GOOD_ROW = "{:<8}  " + _ROW
_REASON_ROW = "{:>8}  {:<12}  {:<24}  {}"


class Format(StrEnum):
    """The forms of the list."""

    TABLE = "table"
    NDJSON = "ndjson"


DeskOption = Annotated[
    str | None, typer.Option("--desk", help="Only of this desk; `import` for imports, as the list shows it.")
]
FieldOption = Annotated[str | None, typer.Option("--field", help="Only where this field was wrong.")]
RuleOption = Annotated[str | None, typer.Option("--rule", help="Only where it broke this rule.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    from services.cli import rejected_resend

    group = typer.Typer()

    @group.callback(invoke_without_command=True)
    def rejected(
        context: typer.Context,
        format: Annotated[Format, typer.Option("--format", help="A table to read, or a JSON object per line.")] = (
            Format.TABLE
        ),
        content: Annotated[
            bool, typer.Option("--content", help="With ndjson: the rejected text too. It may be about a person.")
        ] = False,
        by_reason: Annotated[
            bool, typer.Option("--by-reason", help="How many of each desk, field and rule, instead of each by itself.")
        ] = False,
        desk: DeskOption = None,
        field: FieldOption = None,
        rule: RuleOption = None,
        resolved: Annotated[bool, typer.Option("--resolved", help="What was made good since, too.")] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """List what was rejected: when, by which desk, on which line of an import, which field broke which rule.

        What lies in the ledger and is not counted is listed too, with its sequence there. Nothing of a rejected text is
        shown unless --content asks for it. `rejected resend` gives it once more.
        """
        if context.invoked_subcommand is not None:
            _ensure_nothing_is_lost(context)
            return
        from services.rejected import IN_LEDGER, Wanted
        from services.system.logs import configure_logging
        from services.system.record import find_system

        configure_logging()
        ensure_rejecting_desk(desk, IN_LEDGER)
        if content and (format is not Format.NDJSON or by_reason):
            raise WrongUsage("--content needs --format ndjson" if not by_reason else "--by-reason shows no --content")
        place = data_dir_of(data_dir)
        wanted = Wanted(desk, field, rule, resolved)
        asyncio.run(_list(find_system(place), place, wanted, format, content, by_reason))

    rejected_resend.register(group)
    app.add_typer(group, name="rejected")


def _ensure_nothing_is_lost(context: typer.Context) -> None:
    """Raise WrongUsage for an option before `resend`, which would be of the listing and never reach it."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE":
            raise WrongUsage(f"{parameter.opts[0]} must stand behind {context.invoked_subcommand}")


async def _list(
    record: SystemRecord, place: DataDir, wanted: Wanted, format: Format, content: bool, by_reason: bool
) -> None:
    from services.ledger.connecting import connect
    from services.rejected import list_rejected

    count = 0
    reasons: Counter[tuple[str, str, str]] = Counter()
    if format is Format.TABLE and not by_reason:
        print(_head(wanted.resolved))
    async with await connect(record.nats, name="kindinbeeld rejected") as ledger:
        async for each in list_rejected(ledger, wanted, place, content=content):
            count += 1
            if by_reason:
                reasons[each.message.desk, each.message.field, each.message.rule] += 1
            else:
                print(_row(each, wanted.resolved) if format is Format.TABLE else json.dumps(_object(each, content)))
    if by_reason:
        _show_reasons(reasons, format)
    print(f"rejected {count}", file=sys.stderr)


def _show_reasons(reasons: Counter[tuple[str, str, str]], format: Format) -> None:
    if format is Format.TABLE:
        print(_REASON_ROW.format("number", "desk", "field", "rule"))
    for (desk, field, rule), number in sorted(reasons.items(), key=lambda each: (-each[1], each[0])):
        if format is Format.TABLE:
            print(_REASON_ROW.format(number, desk, field, rule))
        else:
            print(json.dumps({"desk": desk, "field": field, "rule": rule, "number": number}))


def _head(resolved: bool) -> str:
    head = ("kept at", "desk", "line", "sequence", "field", "rule")
    return _GOOD_ROW.format("resolved", *head) if resolved else _ROW.format(*head)


def _row(listed: Listed, resolved: bool) -> str:
    from events import format_instant

    message = listed.message
    line = "" if message.line is None else str(message.line)
    row = (format_instant(message.at), message.desk, line, message.sequence, message.field, message.rule)
    return _GOOD_ROW.format("yes" if listed.resolved else "", *row) if resolved else _ROW.format(*row)


def _object(listed: Listed, content: bool) -> dict[str, Any]:
    from base64 import b64encode

    from events import format_instant

    message = listed.message
    shown: dict[str, Any] = {
        "keptAt": format_instant(message.at),
        "desk": message.desk,
        "line": message.line,
        "sequence": message.sequence,
        "field": message.field,
        "rule": message.rule,
        "resolved": listed.resolved,
    }
    if content:
        try:
            shown["content"] = message.content.decode()
        except UnicodeDecodeError:
            shown["contentBase64"] = b64encode(message.content).decode()
    return shown
