"""`kindinbeeld archive`: the ledger in Parquet, made for replay."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import ArchiveOption, DataDirOption, MemoryOption, archive_of, data_dir_of, memory_of

if TYPE_CHECKING:
    from projections.archive import Manifest
    from services.archive.building import Told
    from services.archive.keeping import Keeping

FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FILE|-",
        help="Of a file of events with recordedtime (NDJSON, or Parquet from export) instead of the ledger.",
    ),
]


class Format(StrEnum):
    """How the archive is shown."""

    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The ledger in Parquet, made for replay.")
    app.add_typer(group, name="archive")

    @group.command()
    def build(
        archive: ArchiveOption = None,
        file: FromOption = None,
        anew: Annotated[bool, typer.Option("--anew", help="From the beginning, not from where it is.")] = False,
        memory: MemoryOption = "1500MB",
        data_dir: DataDirOption = None,
    ) -> None:
        """Build the archive, or bring it up to date: each event exactly once, however the last build ended."""
        from services.archive.building import build as build_archive

        place = data_dir_of(data_dir)
        manifest = build_archive(
            archive_of(archive, place), place, file, anew=anew, memory=memory_of(memory), told=_told()
        )
        _write(manifest, Format.TABLE)

    @group.command()
    def follow(data_dir: DataDirOption = None) -> None:
        """Keep the archive of the system current until SIGINT or SIGTERM, as `up` does by itself."""
        from services.archive.keeping import Keeping
        from services.system import Settings, WrongUsage, find_system
        from services.system.logs import configure_logging

        settings = Settings.from_environment()
        if not settings.archive_seconds:
            raise WrongUsage("KINDINBEELD_ARCHIVE_EVERY: must be a duration, not 0, to follow")
        configure_logging(settings)
        place = data_dir_of(data_dir)
        place.prepare()
        find_system(place)
        asyncio.run(_until_signal(Keeping(place, settings.archive_seconds)))

    @group.command()
    def verify(
        archive: ArchiveOption = None,
        file: FromOption = None,
        memory: MemoryOption = "1500MB",
        data_dir: DataDirOption = None,
    ) -> None:
        """Prove that the archive holds what its ledger holds, read anew; exit status 1 when it does not."""
        from services.archive.verifying import verify as verify_archive

        place = data_dir_of(data_dir)
        found = verify_archive(archive_of(archive, place), place, file, memory=memory_of(memory), told=_told())
        for where, what in found:
            print(f"{where} {what}")
        if found:
            raise typer.Exit(1)
        print("the archive holds what its source holds", file=sys.stderr)

    @group.command()
    def show(
        archive: ArchiveOption = None,
        format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
        data_dir: DataDirOption = None,
    ) -> None:
        """Tell what is in the archive."""
        from projections.archive import Manifest
        from services.archive.failing import failing
        from services.system import SystemUnavailable

        directory = archive_of(archive, data_dir_of(data_dir))
        with failing(directory):
            manifest = Manifest.read(directory)
        if manifest is None:
            raise SystemUnavailable(f"the archive in {directory} cannot be read: there is none")
        _write(manifest, format)


async def _until_signal(keeping: Keeping) -> None:
    task = asyncio.ensure_future(keeping.run(alone=True))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _told() -> Told:
    begun = time.monotonic()
    return lambda words: print(f"{time.monotonic() - begun:6.1f} s  {words}", file=sys.stderr, flush=True)


def _write(manifest: Manifest, format: Format) -> None:
    from events import format_instant

    settled = manifest.settled
    last = None if settled is None or settled.last_recorded is None else format_instant(settled.last_recorded)
    told: dict[str, object] = {
        "source": manifest.source,
        "position": manifest.position,
        "segments": len(manifest.segments),
        "messages": sum(segment.messages for segment in manifest.segments),
        "events": sum(segment.file.rows for segment in manifest.segments),
        "malformed": sum(segment.malformed for segment in manifest.segments),
        "copies": settled and settled.copies,
        "copies_with_other_content": settled and settled.other_contents,
        "reports": settled and sum(file.rows for file in settled.files["reports"]),
        "last_recorded": last,
        "bytes": sum(file.bytes for file in manifest.files),
    }
    if format is Format.JSON:
        json.dump(told, sys.stdout, indent=1)
        print()
        return
    for name, value in told.items():
        print(f"{name.replace('_', ' '):26} {value}")
