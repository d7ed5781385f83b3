"""`kindinbeeld access link`, `access views`: who sees exact figures on the pages, and who saw them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from events import format_instant
from services.cli.options import DataDirOption, data_dir_of, instant_of
from services.system import Clock, Settings, SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from services.system import DataDir
    from services.web.access.links import Link
    from services.web.access.store import LinkStore

_LINK = "{:<10}  {:<12}  {:<6}  {:<20}  {:<20}  {:<20}  {}"
_VIEW = "{:<20}  {:<12}  {:<6}  {:<8}  {:<20}  {:<10}  {}"


class Format(StrEnum):
    """The forms of a list."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="A table to read, or JSON.")]


def add_commands(access: typer.Typer) -> None:
    """Add the commands to those of `access`."""
    link = typer.Typer(no_args_is_help=True, help="Personal links with which people sign in on the pages.")

    @link.command()
    def create(
        role: Annotated[str, typer.Option("--role", help="national, region, municipality or evaluator.")],
        name: Annotated[str, typer.Option("--name", help="Whom it is for, as the log of exact views will say.")],
        area: Annotated[
            str, typer.Option("--area", metavar="CODE", help="Of a region or municipality: VR01, GM0014.")
        ] = "",
        days: Annotated[int, typer.Option("--days", help="Days for which it is good.")] = 30,
        data_dir: DataDirOption = None,
    ) -> None:
        """Make a link and print it: this once. From the first one on, who is not signed in sees what is public."""
        chosen = data_dir_of(data_dir)
        chosen.prepare()
        page = _page_url(chosen)
        with _store(chosen) as store:
            try:
                made, secret = store.create(role, area, name, days=days, now=Clock().now())
            except ValueError as rule:
                raise WrongUsage(str(rule)) from None
        from services.web.access.links import address_of

        print(address_of(page, secret))
        print(f"link {made.id}, good until {_seconds(made.expires)}; it is not shown again", file=sys.stderr)

    @link.command(name="list")
    def list_(format: FormatOption = Format.TABLE, data_dir: DataDirOption = None) -> None:
        """List all links, revoked and expired ones too: what each allows, never the link itself."""
        with _store(data_dir_of(data_dir)) as store:
            links = store.links()
        if format is Format.JSON:
            print(json.dumps([_object(each) for each in links], indent=1))
            return
        print(_LINK.format("id", "role", "area", "made at", "good until", "revoked at", "name"))
        for each in links:
            revoked = "" if each.revoked is None else _seconds(each.revoked)
            made, until = _seconds(each.created), _seconds(each.expires)
            print(_LINK.format(each.id, each.role, each.area, made, until, revoked, each.name))

    @link.command()
    def revoke(
        id: Annotated[str, typer.Argument(help="The id of the link, as `access link list` shows it.")],
        data_dir: DataDirOption = None,
    ) -> None:
        """Revoke a link: who signed in with it is signed out within a second, open pages too."""
        with _store(data_dir_of(data_dir)) as store:
            if not store.revoke(id, now=Clock().now()):
                raise WrongUsage("there is no link with this id; see `kindinbeeld access link list`")
        print("revoked", file=sys.stderr)

    access.add_typer(link, name="link")

    @access.command()
    def views(
        since: Annotated[
            str | None, typer.Option("--since", metavar="TIME", help="From this time on: RFC 3339 with an offset.")
        ] = None,
        format: FormatOption = Format.TABLE,
        data_dir: DataDirOption = None,
    ) -> None:
        """List who saw exact figures, of what and when, the oldest first."""
        import sqlite3

        from services.web.access.views import read_views, views_path

        path = views_path(data_dir_of(data_dir))
        try:
            found = read_views(path, instant_of("--since", since) or 0)
            if format is Format.JSON:
                for view in found:
                    print(json.dumps({"at": format_instant(view.at), **view.told()}, ensure_ascii=False))
                return
            print(_VIEW.format("at", "role", "of", "saw", "page", "link", "name"))
            for view in found:
                at = _seconds(view.at)
                print(_VIEW.format(at, view.role, view.of, view.area, view.path, view.link, view.name).rstrip())
        except (OSError, sqlite3.Error):
            raise SystemUnavailable(f"the log of views in {path} cannot be read") from None


@contextmanager
def _store(data_dir: DataDir) -> Iterator[LinkStore]:
    import sqlite3

    from services.web.access.store import LinkStore, links_path

    path = links_path(data_dir)
    try:
        yield LinkStore(path)
    except (OSError, sqlite3.Error):
        raise SystemUnavailable(f"the links in {path} cannot be read or written") from None


def _page_url(data_dir: DataDir) -> str:
    """Give where people reach the pages: as set, else where they run on this machine, else where they would."""
    from services.system import find_system

    settings = Settings.from_environment()
    if settings.page_url is not None:
        return settings.page_url
    try:
        running = find_system(data_dir, settings).page_url
    except SystemUnavailable:
        running = None
    return running or f"http://127.0.0.1:{settings.port}/"


def _seconds(micros: int) -> str:
    return format_instant(micros // 1_000_000 * 1_000_000)


def _object(link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "role": link.role,
        "area": link.area or None,
        "name": link.name,
        "createdAt": format_instant(link.created),
        "expiresAt": format_instant(link.expires),
        "revokedAt": None if link.revoked is None else format_instant(link.revoked),
    }
