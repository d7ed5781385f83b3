"""`kindinbeeld triangle`: how numbers settled as late reports came in, and what the last ones will become."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.areas import members_of
from services.cli.options import ArchiveOption, AsOfOption, DataDirOption, archive_of, data_dir_of, instant_of
from services.cli.writing import Format, write_rows
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from projections.nowcast.triangle import Reported

Row = tuple[object, ...]


class What(StrEnum):
    """Which of the tables."""

    KNOWN = "known"
    COMPLETENESS = "completeness"
    NOWCAST = "nowcast"
    VALIDATION = "validation"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def triangle(
        area: Annotated[
            list[str] | None,
            typer.Option("--area", metavar="CODE", help="NL, PV20, VR01, GM0014; repeatable.", show_default="NL"),
        ] = None,
        sector: Annotated[
            str | None, typer.Option("--sector", metavar="po|so|vo|mbo", help="Only this sector.")
        ] = None,
        weeks: Annotated[
            int, typer.Option("--weeks", min=1, max=26, help="Weeks after which a number is taken as settled.")
        ] = 4,
        what: Annotated[What, typer.Option("--what", help="Which table.")] = What.KNOWN,
        validate: Annotated[
            bool,
            typer.Option("--validate", help="What came of past nowcasts: as --what validation."),
        ] = False,
        as_of: AsOfOption = None,
        format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
        archive: ArchiveOption = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Print the number not reached of each week as it was known at its end, one week later, and so on.

        A nowcast is an estimate with an interval that is to hold 90 of 100 numbers. It is never part of a count.
        """
        from projections.archive import Archive
        from projections.register.areas import COUNTRY
        from projections.tables import SECTORS
        from services.archive.failing import failing

        codes = list(dict.fromkeys(area or [COUNTRY.code]))
        instant = instant_of("--as-of", as_of)
        members = [members_of(code) for code in codes]
        if sector not in (None, *SECTORS):
            raise WrongUsage(f"--sector: must be one of {', '.join(SECTORS)}")
        directory = archive_of(archive, data_dir_of(data_dir))
        with failing(directory):
            from projections.nowcast.triangle import triangles

            opened = Archive(directory)
            k = instant if instant is not None else opened.last_recorded or 0
            country, *reported = triangles(opened, [None, *members], k, weeks, sector)
        names, rows = _table(What.VALIDATION if validate else what, codes, reported, country, weeks)
        write_rows(names, rows, format)


def _table(
    what: What, codes: Sequence[str], reported: Sequence[Reported], country: Reported, weeks: int
) -> tuple[Sequence[str], list[Row]]:
    from projections.nowcast.mack import completeness, nowcast
    from projections.nowcast.validating import validate

    after = [f"after_{age}" for age in range(weeks + 1)]
    pairs = list(zip(codes, reported, strict=True))
    match what:
        case What.KNOWN:
            rows: Iterable[Row] = (
                (code, week, *(None if number < 0 else number for number in row))
                for code, of in pairs
                for week, row in zip(of.unreached.weeks, of.unreached.known.tolist(), strict=True)
            )
            return ("area", "week", *after), list(rows)
        case What.COMPLETENESS:
            return ("area", *after), [
                (code, *(None if share is None else round(share, 4) for share in completeness(of.unreached)))
                for code, of in pairs
            ]
        case What.NOWCAST:
            names = ("area", "week", "weeks_after", "counted", "expected", "standard_error", "low", "high")
            found = ((code, each) for code, of in pairs for each in nowcast(of, country))
            return names, [(code, *(_rounded(value) for value in asdict(each).values())) for code, each in found]
        case What.VALIDATION:
            scores = validate(reported, country)
            heads = ("weeks_after", "nowcasts", "covered", "error", "naive_error")
            return heads, [tuple(_rounded(value, 4) for value in asdict(score).values()) for score in scores]


def _rounded(value: object, digits: int = 1) -> object:
    return round(value, digits) if isinstance(value, float) else value
