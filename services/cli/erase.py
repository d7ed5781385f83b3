"""`kindinbeeld erase`: a pupil, or all of them, out of an export of the ledger, while every number stays."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from services.system.errors import Finding, SystemUnavailable, WrongUsage

__all__ = ["register"]

_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


def erase(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export: NDJSON, plain, gzip or zstd.")],
    pupils: Annotated[
        str | None,
        typer.Option("--pupils", metavar="FILE|-", help="Whom: one pseudonym a line; a file that only you may read."),
    ] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="All pupils and all households.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is told what would be done.")] = False,
    proof: Annotated[
        Path | None, typer.Option("--proof", metavar="FILE.json", help="Write what was proved; nothing of a person.")
    ] = None,
) -> None:
    """Write the events of pupils again under fresh random names, prove that every number stays, destroy the old file.

    The names are never taken from the command line, for others see that. No list of old and fresh names is kept.
    """
    if everyone == (pupils is not None):
        raise WrongUsage("either --pupils or --everyone")
    if not file.is_file():
        raise WrongUsage(f"{file}: there is no such file")
    whom = None if pupils is None else _whom(pupils)
    path = file.resolve()
    from events.lines import LinesError
    from services.erasure import ErasureError

    try:
        _erase(path, whom, yes, proof)
    except (ErasureError, LinesError) as error:
        raise Finding(f"{file}: {error}") from None
    except OSError as error:
        raise SystemUnavailable(f"{file}: {error.strerror}; call this command again") from None


def _erase(path: Path, whom: set[str] | None, yes: bool, proof: Path | None) -> None:
    from deploy.private_files import write_private
    from services.erasure import beside, destroy, finish, learn, prove, put, rewrite

    if finish(path):
        print("destroyed what an erasure that was ended half-way left", file=sys.stderr)
    names = learn(path, whom)
    found = f"{len(names.pupils)} pupils, {len(names.ids)} events, {len(names.households)} households"
    if names.shared:
        found += f"; {names.shared} households stay, since others name them too"
    print(f"to be erased: {found}", file=sys.stderr)
    if not yes:
        print("nothing is changed: --yes does it", file=sys.stderr)
        return
    new = beside(path)
    try:
        result = prove(path, new, names, rewrite(path, new, names))
        if not result.holds:
            raise Finding("the tables would not be the same, or a name would be left: the file stays as it was")
        put(path)
    except BaseException:
        if new.exists():
            destroy(new)
        raise
    text = json.dumps(result.described(), indent=2)
    if proof is not None:
        write_private(proof, text + "\n")
    print(text)


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
