"""`kindinbeeld access`: the keys with which systems report to a desk, and the links with which people see the pages."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from events import DESKS, format_instant
from services.cli.access_links import add_commands
from services.cli.options import DataDirOption, data_dir_of
from services.system import Clock, SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from services.desks.access import AccessStore, Key
    from services.system import DataDir

_ROW = "{:<10}  {:<11}  {:<11}  {:<20}  {:<20}  {}"


class Format(StrEnum):
    """The forms of the list."""

    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    access = typer.Typer(
        no_args_is_help=True,
        help="Keys with which systems report to a desk, each for one desk and its sources; links with which people"
        " sign in on the pages, and the log of who saw exact figures.",
    )

    @access.command()
    def create(
        desk: Annotated[str, typer.Option("--desk", help=f"The desk: {', '.join(DESKS)}.")],
        source: Annotated[
            list[str] | None,
            typer.Option("--source", metavar="URN", help="A source that its holder may speak for; may be repeated."),
        ] = None,
        coordinator: Annotated[
            bool, typer.Option("--coordinator", help="It may also list what the desk refused, and send it again.")
        ] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """Make a key and print it: this once, only its hash is kept. From the first key on every desk asks for one."""
        chosen = data_dir_of(data_dir)
        chosen.prepare()
        with _store(chosen) as store:
            try:
                key, secret = store.create(desk, source or (), coordinator=coordinator, now=Clock().now())
            except ValueError as rule:
                raise WrongUsage(str(rule)) from None
        print(secret)
        print(f"key {key.id} for the desk {key.desk}; it is not shown again", file=sys.stderr)

    @access.command(name="list")
    def list_(
        format: Annotated[Format, typer.Option("--format", help="A table to read, or JSON.")] = Format.TABLE,
        data_dir: DataDirOption = None,
    ) -> None:
        """List all keys, revoked ones too: what each allows, never the key itself."""
        with _store(data_dir_of(data_dir)) as store:
            keys = store.keys()
        if format is Format.JSON:
            print(json.dumps([_object(key) for key in keys], indent=1))
            return
        print(_ROW.format("id", "desk", "coordinator", "made at", "revoked at", "sources").rstrip())
        for key in keys:
            revoked = "" if key.revoked is None else _seconds(key.revoked)
            right = "yes" if key.coordinator else ""
            sources = " ".join(sorted(key.sources))
            print(_ROW.format(key.id, key.desk, right, _seconds(key.created), revoked, sources).rstrip())

    @access.command()
    def revoke(
        id: Annotated[str, typer.Argument(help="The id of the key, as `access list` shows it.")],
        data_dir: DataDirOption = None,
    ) -> None:
        """Revoke a key: running desks refuse it within a tenth of a second."""
        with _store(data_dir_of(data_dir)) as store:
            if not store.revoke(id, now=Clock().now()):
                raise WrongUsage("there is no key with this id; see `kindinbeeld access list`")
        print("revoked", file=sys.stderr)

    add_commands(access)
    app.add_typer(access, name="access")


@contextmanager
def _store(data_dir: DataDir) -> Iterator[AccessStore]:
    import sqlite3

    from services.desks.access import AccessStore, access_path

    path = access_path(data_dir)
    try:
        yield AccessStore(path)
    except (OSError, sqlite3.Error):
        raise SystemUnavailable(f"the keys in {path} cannot be read or written") from None


def _seconds(micros: int) -> str:
    return format_instant(micros // 1_000_000 * 1_000_000)


def _object(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "desk": key.desk,
        "coordinator": key.coordinator,
        "sources": sorted(key.sources),
        "createdAt": format_instant(key.created),
        "revokedAt": None if key.revoked is None else format_instant(key.revoked),
    }
