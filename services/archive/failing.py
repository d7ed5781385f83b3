"""What goes wrong with an archive, said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from events import LinesError
from projections.archive import ArchiveError
from projections.evaluation.columns import ColumnsError
from services.system import SystemUnavailable, WrongUsage

__all__ = ["failing"]


@contextmanager
def failing(directory: Path) -> Iterator[None]:
    """Turn what can go wrong into one line without anything from an event."""
    try:
        yield
    except ArchiveError as error:
        raise SystemUnavailable(f"the archive in {directory} {error}") from None
    except (LinesError, ColumnsError) as error:
        raise WrongUsage(f"--from: {error}") from None
    except BrokenProcessPool:
        raise SystemUnavailable("a process that read the events was ended from outside") from None
    except OSError as error:
        raise SystemUnavailable(f"the archive in {directory} cannot be read or written: {error.strerror}") from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("duckdb", "_duckdb"):
            raise
        if "OutOfMemory" in type(error).__name__:
            raise SystemUnavailable("the query needs more memory or temporary disk: see --memory") from None
        raise SystemUnavailable(f"the archive in {directory} cannot be queried ({type(error).__name__})") from None
