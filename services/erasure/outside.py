"""What of a system lies on other servers: held while it is written anew, and put over after the one moment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

from psycopg.sql import SQL, Identifier

from projections.live.postgres.views import drop_views
from services.desks.store import schema_of
from services.erasure.databases import (
    Connection,
    beside,
    desks_in,
    drop_beside,
    ensure_quiet,
    forget,
    mark,
    opened,
    put_over,
)
from services.erasure.postgres import PostgresStore
from services.erasure.servers import Remade
from services.system import Settings, SystemUnavailable

__all__ = ["Elsewhere", "Held", "drop_what_was_left", "put_databases_over"]

Told = Callable[[str], None]


@dataclass(frozen=True)
class Elsewhere:
    """What is to be put over on other servers, as it stands in the marker. No password, no name of a person."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    """Random; what was written anew there bears it."""
    desks: tuple[str, ...] = ()
    """Whose schemas were written anew beside the old."""
    view: bool = False
    """Whether the live views of a database are to go."""
    ledger: dict[str, Any] | None = None
    """What the ledger on servers of its own was, and is to be (`Remade`)."""

    def text(self) -> str:
        """Give it for the marker."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def read(cls, text: str) -> Elsewhere:
        """Give what a marker says; an empty one: nothing is elsewhere."""
        found = json.loads(text) if text.strip() else {}
        return cls(**found | {"desks": tuple(found.get("desks", ()))})


class Held:
    """The databases that the settings name, in which nobody can add to a desk's store for the length of the block.

    Entering raises SystemUnavailable where a desk or a view is connected.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = ExitStack()
        self.desks: tuple[str, ...] = ()
        """Those that keep their store there."""
        self.connection: Connection | None = None
        """On which the transaction runs that holds their stores."""

    def __enter__(self) -> Held:
        with ExitStack() as opening:
            for url in {self._settings.database, self._settings.database_of_desks} - {None}:
                with opened(str(url)) as connection:
                    ensure_quiet(connection)
                    drop_beside(connection)
            if (url := self._settings.database_of_desks) is not None:
                self.connection = opening.enter_context(opened(url))
                self.desks = desks_in(self.connection)
                if self.desks:
                    self.connection.execute("BEGIN")
                for desk in self.desks:
                    table = Identifier(schema_of(desk), "stored_events")
                    self.connection.execute(SQL("LOCK TABLE {} IN SHARE MODE").format(table))
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def stores(self) -> list[PostgresStore]:
        """Give the stores of the desks there, each to be written into a schema beside."""
        url = str(self._settings.database_of_desks)
        return [PostgresStore(desk, url, lambda: url, beside(desk)) for desk in self.desks]

    def elsewhere(self, ledger: Remade | None) -> Elsewhere:
        """Say what is to be put over, when all of it was written."""
        found = Elsewhere(
            desks=self.desks,
            view=self._settings.database is not None,
            ledger=None if ledger is None else asdict(ledger),
        )
        if found.desks:
            with opened(str(self._settings.database_of_desks)) as connection:
                mark(connection, found.desks, found.id)
        return found


def put_databases_over(elsewhere: Elsewhere, settings: Settings, told: Told, held: Held | None = None) -> None:
    """Put the new schemas of the desks into the place of the old, and drop the live views. It can be done again.

    Raises SystemUnavailable, also where the settings do not name the databases that they named before.
    """
    if elsewhere.desks:
        url = _named(settings.database_of_desks)
        if held is not None and held.connection is not None and not held.connection.closed:
            put_over(held.connection, elsewhere.desks, elsewhere.id)
        else:
            with opened(url) as connection:
                ensure_quiet(connection)
                put_over(connection, elsewhere.desks, elsewhere.id)
    if elsewhere.view:
        with opened(_named(settings.database)) as connection:
            drop_views(connection)
    urls = [settings.database_of_desks if elsewhere.desks else None, settings.database if elsewhere.view else None]
    for each in sorted({url for url in urls if url is not None}):
        with opened(each) as connection:
            told(f"the database {', '.join(forget(connection)) or 'let us have nothing forgotten'}")


def drop_what_was_left(settings: Settings) -> None:
    """Drop the schemas that an erasure which did not come to its moment wrote."""
    if settings.database_of_desks is not None:
        with opened(settings.database_of_desks) as connection:
            drop_beside(connection)


def _named(url: str | None) -> str:
    if url is None:
        raise SystemUnavailable("an erasure began in a database that KINDINBEELD_DATABASE does not name now")
    return url
