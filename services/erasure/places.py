"""Where the desks of a system keep their stores, and where each is written anew; the system's own PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.postgres_server import PostgresServer, PostgresServerError
from events import DESKS
from services.desks.store import schema_of
from services.erasure.databases import desks_in, opened
from services.erasure.desks import FileStore, Store
from services.erasure.outside import Held
from services.erasure.postgres import PostgresStore
from services.erasure.switching import new_system
from services.system import DataDir, SystemUnavailable

__all__ = ["own_database", "stores_of"]


@contextmanager
def own_database(data_dir: DataDir) -> Iterator[str | None]:
    """Run the PostgreSQL of `up --postgres` for the length of the block, and give its address; None: there is none.

    Only for whoever has the lock of the directory.
    """
    server = PostgresServer(data_dir.postgres)
    if not server.made:
        yield None
        return
    try:
        yield _start(server)
    finally:
        server.stop()


@contextmanager
def stores_of(data_dir: DataDir, held: Held) -> Iterator[list[Store]]:
    """Give every store of a desk that there is: in files, in the system's own PostgreSQL, in one of the settings.

    What the system has of its own is written anew below `new_system`, whose PostgreSQL runs once it is needed; both
    have stopped after the block.
    """
    new = new_system(data_dir)
    files = {desk: data_dir.desks / f"{desk}.sqlite" for desk in DESKS}
    stores: list[Store] = [
        FileStore(desk, path, new.desks / path.name)
        for desk, path in files.items()
        if path.exists() and path.stat().st_size
    ]
    stores += held.stores()
    with own_database(data_dir) as url:
        if url is None:
            yield stores
            return
        with opened(url) as connection:
            desks = desks_in(connection)
        server = PostgresServer(new.postgres)

        def start() -> str:
            if server.pid is None:
                server.like(PostgresServer(data_dir.postgres))
            return _start(server)

        try:
            yield [*stores, *(PostgresStore(desk, url, start, schema_of(desk)) for desk in desks)]
        finally:
            server.stop()


def _start(server: PostgresServer) -> str:
    try:
        return server.start()
    except (PostgresServerError, OSError) as error:
        raise SystemUnavailable(f"the database does not start: {error}") from None
