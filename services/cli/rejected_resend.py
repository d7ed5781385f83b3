"""`kindinbeeld rejected resend`: what was rejected, given once more."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDirOption, data_dir_of, ensure_rejecting_desk
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from services.rejected import Correction, Listed, Outcome, Wanted
    from services.system import DataDir, SystemRecord

_ROW = "{:>9}  {:<12}  {:<11}  {:<24}  {}"


def register(group: typer.Typer) -> None:
    """Add the command to those of `rejected`."""

    @group.command()
    def resend(
        sequences: Annotated[
            list[int] | None, typer.Argument(metavar="[SEQUENCE]...", help="Which, as the list numbers them.")
        ] = None,
        all_: Annotated[bool, typer.Option("--all", help="All that was rejected and not made good.")] = False,
        desk: Annotated[str | None, typer.Option("--desk", help="All of this desk; `import` for imports.")] = None,
        field: Annotated[str | None, typer.Option("--field", help="All where this field was wrong.")] = None,
        rule: Annotated[str | None, typer.Option("--rule", help="All that broke this rule.")] = None,
        file: Annotated[
            str | None,
            typer.Option(
                "--file",
                metavar="FILE|-",
                help="These, corrected: lines as `rejected --format ndjson --content` writes them, content put right.",
            ),
        ] = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Give what was rejected once more, as it was (a rule, a setting or a key has changed) or corrected.

        Each goes the way it came: through its desk, or by an import. One that stands now counts as made good. Exit
        status 1 when one was refused again, 3 when a desk did not answer.
        """
        from events import LinesError
        from services.rejected import Wanted, read_corrected
        from services.system.logs import configure_logging
        from services.system.record import find_system

        configure_logging()
        ensure_rejecting_desk(desk)
        filtered = all_ or any(each is not None for each in (desk, field, rule))
        if [bool(sequences), filtered, file is not None].count(True) != 1:
            raise WrongUsage("say which: SEQUENCE…, or --all or --desk, --field, --rule, or --file")
        corrected: dict[int, Correction] = {}
        if file is not None:
            if file != "-" and not Path(file).is_file():
                raise WrongUsage(f"{file}: there is no such file")
            try:
                corrected = read_corrected(file)
            except LinesError as error:
                raise WrongUsage(f"{file}: {error}") from None
        chosen = set(sequences or corrected) if not filtered else None
        place = data_dir_of(data_dir)
        outcomes = asyncio.run(_resend(find_system(place), place, Wanted(desk, field, rule), chosen, corrected))
        counts = Counter(outcome.fate for outcome in outcomes)
        print(", ".join(f"{fate} {counts[fate]}" for fate in sorted(counts)) or "nothing to send", file=sys.stderr)
        if not all(outcome.answered for outcome in outcomes):
            raise typer.Exit(3)
        if not all(outcome.stands for outcome in outcomes):
            raise typer.Exit(1)


def _is_of(listed: Listed, corrected: dict[int, Correction]) -> bool:
    """Whether a correction, if there are any, is one of this: a sequence could be of another list."""
    message = listed.message
    return not corrected or corrected[message.sequence].desk in (None, message.desk)


async def _resend(
    record: SystemRecord, place: DataDir, wanted: Wanted, chosen: set[int] | None, corrected: dict[int, Correction]
) -> list[Outcome]:
    from services.ledger.connecting import connect
    from services.rejected import Again, give_again, list_rejected

    async with await connect(record.nats, name="kindinbeeld rejected") as ledger:
        listed = [
            each
            async for each in list_rejected(ledger, wanted)
            if (chosen is None or each.message.sequence in chosen) and _is_of(each, corrected)
        ]
    given = [Again(each.message, corrected[each.message.sequence].raw if corrected else None) for each in listed]
    missing = (chosen or set()) - {each.message.sequence for each in given}
    if missing:
        raise WrongUsage(f"nothing that is still to be made good lies at {', '.join(map(str, sorted(missing)))}")
    outcomes = []
    if given:
        print(_ROW.format("sequence", "desk", "answer", "field", "rule"))
    async for outcome in give_again(record, place, given):
        outcomes.append(outcome)
        message = outcome.message
        row = _ROW.format(message.sequence, message.desk, outcome.fate, outcome.field or "", outcome.rule or "")
        print(row.rstrip(), flush=True)
    return outcomes
