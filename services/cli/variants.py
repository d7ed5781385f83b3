"""Variants of the definition as options of a command, and the events that they are replayed from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.system.errors import SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from projections.evaluation.definition import Definition
    from projections.evaluation.query import Replay

__all__ = ["replayed_archive", "save", "variant_of"]


def variant_of(file: Path | None, changes: Sequence[str] = (), name: str | None = None) -> Definition:
    """Read a variant from a file, with changes (`NAME=VALUE`) to it, under a name. Raises WrongUsage."""
    from events import Rejected
    from projections.evaluation.definition import definition_of, read_definition

    given: dict[str, Any] = {}
    try:
        if file is not None:
            found = read_definition(file.read_text("utf-8"))
            given = {"name": found.name, **found.parameters, "restores": list(found.restores)}
        given |= dict(map(_change, changes))
        if name is not None:
            given["name"] = name
        elif changes:
            # A file that was changed is no longer what its name says.
            given["name"] = re.sub(r"[^A-Za-z0-9 ._-]", " ", " ".join(changes))[:60]
        return definition_of(given)
    except Rejected as error:
        raise WrongUsage(f"variant: {error.field}: {error.rule}") from None
    except UnicodeDecodeError:
        raise WrongUsage("--variant: must be a text file") from None
    except OSError as error:
        raise WrongUsage(f"--variant: the file cannot be read: {error.strerror}") from None


def _change(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or name == "name":
        raise WrongUsage("--set: must be PARAMETER=VALUE")
    if name == "restores":
        return name, [each.strip() for each in value.split(",")]
    if name == "partial" and value in ("true", "false"):
        return name, value == "true"
    return name, value


def save(definition: Definition, file: Path) -> None:
    """Write a variant with its checksum. Raises SystemUnavailable."""
    try:
        file.write_text(definition.toml(), encoding="utf-8")
    except OSError as error:
        raise SystemUnavailable(f"--save: the file cannot be written: {error.strerror}") from None


@contextmanager
def replayed_archive(directory: Path, memory: str) -> Iterator[Replay]:
    """Open the events of an archive for the columnar query, which alone knows other definitions."""
    from projections.archive import Archive
    from projections.evaluation import replaying_files
    from services.archive.failing import failing

    with failing(directory):
        archive = Archive(directory)
        paths = [directory / segment.file.path for segment in archive.manifest.segments]
        with replaying_files(paths, memory=memory) as replay:
            yield replay
