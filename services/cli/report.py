"""`kindinbeeld report`: a period and an area as one file that a council can read."""

from __future__ import annotations

import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.areas import members_of
from services.cli.options import (
    ArchiveOption,
    AsOfOption,
    DataDirOption,
    MemoryOption,
    data_dir_of,
    instant_of,
    memory_of,
)
from services.system.errors import SystemUnavailable, WrongUsage

_FORMS = (".html", ".pdf")


class Lang(StrEnum):
    """The language of a report."""

    NL = "nl"
    EN = "en"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def report(
        first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day: 2020-03-16.")],
        last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day.")],
        output: Annotated[
            Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it: .html, or .pdf by Chromium.")
        ],
        file: Annotated[
            str | None,
            typer.Argument(
                metavar="FILE|-",
                help="A file of events with recordedtime, as `evaluate` takes it.",
                show_default="the archive, or the running system",
            ),
        ] = None,
        area: Annotated[str, typer.Option("--area", metavar="CODE", help="NL, PV20, VR01 or GM0014.")] = "NL",
        as_of: AsOfOption = None,
        lang: Annotated[Lang, typer.Option(help="Dutch or English.")] = Lang.NL,
        public: Annotated[
            bool, typer.Option("--public", help="What everyone may see, as in the open data; as of a day's beginning.")
        ] = False,
        memory: MemoryOption = "1500MB",
        archive: ArchiveOption = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Write a report of a period and an area: figures, charts with tables, what was known when, definitions.

        The same events and the same --as-of give the same bytes. Without --public it holds exact, small numbers.
        """
        begins, ends = _day("--from", first), _day("--to", last)
        if ends < begins:
            raise WrongUsage("--to: must not be before --from")
        if output.suffix not in _FORMS:
            raise WrongUsage("--output: must end in .html or .pdf")
        if file is not None and archive is not None:
            raise WrongUsage("--archive: not together with a FILE")
        members, instant = members_of(area), instant_of("--as-of", as_of)
        memory_of(memory)
        from services.report import Asked, NothingClosed, facts_of, opened, to_pdf, write_html

        asked = Asked(begins, ends, area, members, public)
        directory = None if archive is None else archive.expanduser().absolute()
        with opened(file, directory, data_dir_of(data_dir), memory, _tell) as found:
            try:
                facts = facts_of(found, asked, instant)
            except NothingClosed as why:
                raise SystemUnavailable(str(why)) from None
        html = write_html(facts, lang.value)
        content = html.encode() if output.suffix == ".html" else to_pdf(html, facts.as_of)
        _write(output, content)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{option}: must be a date such as 2020-03-16") from None


def _tell(words: str) -> None:
    print(words, file=sys.stderr)


def _write(output: Path, content: bytes) -> None:
    """Write the file; it is for its owner alone, for it may hold exact numbers."""
    try:
        output.touch(mode=0o600)
        output.write_bytes(content)
    except OSError as error:
        raise SystemUnavailable(f"--output: the file cannot be written: {error.strerror}") from None
