"""Questions in SQL to an archive: reading only, of nothing else, with nothing that could be set otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import pyarrow as pa

from projections.archive.asof import Archive
from projections.tables import MEASURES

__all__ = ["TABLES", "QueryError", "query"]

TABLES: Final = ("events", "reports", "pupils", "households", "sources", "schools", *MEASURES)
"""What can be asked of: the segments, what stands of them, and both tables of the count."""


class QueryError(ValueError):
    """A question that cannot be answered; the text, one line, holds nothing of an event."""


def query(archive: Archive, sql: str, as_of: int, memory: str = "1500MB") -> pa.Table:
    """Give the rows that one SELECT asks for; `counts` and `coverage` are those as of K (microseconds).

    Raises QueryError for anything else than one SELECT, for one that is wrong, and for what reaches outside.
    """
    with _connected(archive, sql, as_of, memory) as connection:
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryError("must be one SELECT")
            return connection.sql(sql).to_arrow_table()
        except duckdb.OutOfMemoryException:
            raise
        except (duckdb.ParserException, duckdb.CatalogException, duckdb.BinderException) as error:
            raise QueryError(str(error).partition("\n")[0]) from None
        except duckdb.PermissionException:
            raise QueryError("must not reach outside of the archive") from None
        except duckdb.Error as error:
            # Its own words may hold what it was working on.
            raise QueryError(f"ended with {type(error).__name__}") from None


@contextmanager
def _connected(archive: Archive, sql: str, as_of: int, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    held: dict[str, list[Path]] = {
        "events": [archive.directory / segment.file.path for segment in archive.manifest.segments]
    }
    held |= {name: archive.paths(name) for name in archive.settled.files}
    with TemporaryDirectory(prefix="kindinbeeld-") as temporary:
        connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "temp_directory": temporary,
                "autoinstall_known_extensions": False,
                "TimeZone": "UTC",
            }
        )
        try:
            connection.execute("set enable_progress_bar = false")
            for name, paths in held.items():
                connection.read_parquet([str(path) for path in paths]).create_view(name)
            for name in MEASURES:
                # Only what is asked for: they take seconds for millions of events.
                if re.search(rf"\b{name}\b", sql, re.IGNORECASE):
                    connection.from_arrow(archive.table(name, as_of, memory)).create(name)
            allowed = ", ".join(_quoted(path) for paths in held.values() for path in paths)
            connection.execute(f"set allowed_paths = [{allowed}]")
            connection.execute(files(__package__).joinpath("locked.sql").read_text())
            yield connection
        finally:
            connection.close()


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
