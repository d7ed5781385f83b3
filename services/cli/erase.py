"""`kindinbeeld erase`: a pupil, or all of them, out of a system or an export of its ledger; every number stays."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from events import AMSTERDAM, DESKS
from services.cli.erase_search import look_for, say, write_out
from services.cli.options import DataDirOption, data_dir_of
from services.system.errors import Finding, SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from services.system import DataDir

__all__ = ["register"]

_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


def erase(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="An export: NDJSON, plain, gzip or zstd. Without it: the system, stopped.",
        ),
    ] = None,
    pupils: Annotated[
        str | None,
        typer.Option("--pupils", metavar="FILE|-", help="Whom: one pseudonym a line; a file that only you may read."),
    ] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="All pupils and all households.")] = False,
    due: Annotated[bool, typer.Option("--due", help="All of them, when KINDINBEELD_RETENTION_DAYS are over.")] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="Only end what a call that was ended half-way began.")
    ] = False,
    elsewhere: Annotated[
        list[str] | None,
        typer.Option("--elsewhere", metavar="DESK", help="A desk whose store is not here: you destroy that yourself."),
    ] = None,
    search: Annotated[
        list[Path] | None,
        typer.Option("--search", metavar="PATH", help="Only look whether this file, or one below it, holds them."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is told what would be done.")] = False,
    proof: Annotated[
        Path | None, typer.Option("--proof", metavar="FILE.json", help="Write what was proved; nothing of a person.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Write the events of pupils again under fresh random names, prove that every number stays, destroy the old.

    Of a system that is stopped: its ledger, desks, live view and archive. Of a FILE: that export. The names are never
    taken from the command line, for others see that. No list of old and fresh names is kept.
    """
    if (pupils is not None) + everyone + due + finish != 1:
        raise WrongUsage("one of --pupils, --everyone, --due and --finish")
    if file is not None and (due or finish):
        raise WrongUsage("--due and --finish are for a system, not for a FILE")
    if set(elsewhere or ()) - set(DESKS):
        raise WrongUsage(f"--elsewhere: one of {', '.join(DESKS)}")
    if search and (due or finish or yes or elsewhere):
        raise WrongUsage("--search only looks: with --pupils or --everyone, and nothing else")
    if search and everyone and file is None:
        raise WrongUsage("--search --everyone: name an old export as FILE, whose names are looked for")
    if missing := [path for path in search or () if not path.exists()]:
        raise WrongUsage(f"--search: {missing[0]} is not there")
    if file is not None and not file.is_file():
        raise WrongUsage(f"{file}: there is no such file")
    from events.lines import LinesError
    from services.erasure import ErasureError

    whom = None if pupils is None else _whom(pupils)
    where = data_dir_of(data_dir)
    name: object = where if file is None else file
    try:
        if search:
            look_for(search, file, whom, proof)
        elif file is not None:
            _tell(_erase_file(file.resolve(), whom, yes), proof)
        elif finish:
            _finish(where)
        elif not due or _is_due(where):
            _tell(_erase_system(where, whom, frozenset(elsewhere or ()), yes), proof)
    except (ErasureError, LinesError) as error:
        raise Finding(f"{name}: {error}") from None
    except OSError as error:
        raise SystemUnavailable(f"{name}: {error.strerror}; call this command again") from None


def _erase_file(path: Path, whom: set[str] | None, yes: bool) -> dict[str, Any] | None:
    from services.erasure import beside, destroy, finish, learn, prove, put, rewrite

    if finish(path):
        say("destroyed what an erasure that was ended half-way left")
    names = learn(path, whom)
    say(f"to be erased: {names.counted}")
    if not yes:
        return None
    new = beside(path)
    try:
        result = prove(path, new, names, rewrite(path, new, names))
        if result.holds:
            put(path)
    finally:
        if new.exists():
            destroy(new)
    return result.described()


def _erase_system(where: DataDir, whom: set[str] | None, elsewhere: frozenset[str], yes: bool) -> dict[str, Any] | None:
    from services.erasure.system import erase_system
    from services.system import Settings
    from services.system.logs import configure_logging

    settings = Settings.from_environment()
    configure_logging(settings)
    if settings.nats_url is None and not where.path.is_dir():
        raise SystemUnavailable(f"there is no system in {where}")
    erased = erase_system(where, settings, whom, say, elsewhere=elsewhere, do=yes)
    return None if erased is None else erased.described()


def _finish(where: DataDir) -> None:
    from services.erasure.switching import finish_system
    from services.system import Settings

    settings = Settings.from_environment()
    where.lock(erasing=True)
    try:
        say("done" if finish_system(where, settings, say) else "nothing was left half-way")
    finally:
        where.unlock()


def _is_due(where: DataDir) -> bool:
    """Tell, also the user, whether the term is over."""
    from services.erasure.retention import due_on
    from services.system import Settings

    days = Settings.from_environment().retention_days
    if not days:
        raise WrongUsage("--due: KINDINBEELD_RETENTION_DAYS sets no term")
    on = due_on(where, days)
    if on is None:
        say("not due: no closure was announced, one has no end yet, or everyone was erased since")
        return False
    over = datetime.now(AMSTERDAM).date() >= on
    say(f"{'due since' if over else 'not due before'} {on.isoformat()}: {days} days after the last closure")
    return over


def _tell(described: dict[str, Any] | None, proof: Path | None) -> None:
    if described is None:
        say("nothing is changed: --yes does it")
        return
    write_out(described, proof)
    if left := [*described.get("files_left", ()), *described.get("tables_left", ())]:
        raise Finding(f"an old name still stands in {', '.join(left)}: remove that")
    if not described["holds"]:
        raise Finding("the tables would not be the same, or a name would be left: all stays as it was")


def _whom(pupils: str) -> set[str]:
    if pupils == "-":
        text = sys.stdin.read()
    else:
        try:
            if Path(pupils).stat().st_mode & 0o077:
                raise WrongUsage("--pupils: others may read that file; chmod 600 it")
            text = Path(pupils).read_text("utf-8")
        except OSError as error:
            raise WrongUsage(f"--pupils: the file cannot be read: {error.strerror}") from None
    whom = set(text.split())
    if not whom or not all(_PSEUDONYM.fullmatch(name) for name in whom):
        raise WrongUsage("--pupils: one pseudonym a line, 8 to 64 characters of A-Za-z0-9_-")
    return whom


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(erase)
