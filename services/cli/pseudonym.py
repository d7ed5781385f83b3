"""`kindinbeeld pseudonym`: the key under which the numbers of pupils become pseudonyms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import DataDirOption, data_dir_of
from services.system.errors import SystemUnavailable, WrongUsage

__all__ = ["KEY_FILE", "register"]

KEY_FILE = "pseudonym-key.json"
"""The name of the key's file in a data directory."""

_GROUP = typer.Typer(
    name="pseudonym",
    help="The key under which the numbers of pupils become pseudonyms.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="The key's file.", show_default=f"{KEY_FILE} in the data directory"),
]


@_GROUP.command("new-key")
def new_key(file: FileArgument = None, data_dir: DataDirOption = None) -> None:
    """Make a new key in a file that only its owner may read (mode 600). The key itself is shown nowhere.

    Prints the key's id, by which organisations see that they hold the same key. A file that is there is left alone.
    """
    from events.pseudonym import PseudonymKeyError, new_pseudonym_key

    try:
        made = new_pseudonym_key(_path(file, data_dir))
    except PseudonymKeyError as error:
        raise SystemUnavailable(str(error)) from None
    typer.echo(made.key_id)


@_GROUP.command("key-id")
def key_id(file: FileArgument = None, data_dir: DataDirOption = None) -> None:
    """Print the id of a key: equal ids, equal keys. It tells nothing of the key."""
    from events.pseudonym import PseudonymKeyError, Pseudonyms

    try:
        held = Pseudonyms.from_file(_path(file, data_dir))
    except PseudonymKeyError as error:
        raise SystemUnavailable(str(error)) from None
    typer.echo(held.key_id)


@_GROUP.command("destroy-key")
def destroy_key(
    id: Annotated[str, typer.Argument(metavar="KEY-ID", help="The key's id, as key-id prints it: this key is meant.")],
    file: FileArgument = None,
    data_dir: DataDirOption = None,
) -> None:
    """Overwrite this copy of the key and remove it: no number becomes a pseudonym by it any more. Not to be undone.

    Every other copy, at each organisation of the chain and in each safe, has to go in the same way.
    """
    from events.pseudonym import PseudonymKeyError, Pseudonyms
    from services.erasure import destroy

    path = _path(file, data_dir)
    try:
        held = Pseudonyms.from_file(path).key_id
    except PseudonymKeyError as error:
        raise SystemUnavailable(str(error)) from None
    if held != id:
        raise WrongUsage("the key in the file has another id; nothing is destroyed")
    try:
        destroy(path.resolve())
    except OSError as error:
        raise SystemUnavailable(f"the key cannot be overwritten: {error.strerror}") from None
    typer.echo(f"{id} is destroyed here; destroy every other copy too", err=True)


def _path(file: Path | None, data_dir: Path | None) -> Path:
    return file if file is not None else data_dir_of(data_dir).path / KEY_FILE


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.add_typer(_GROUP)
