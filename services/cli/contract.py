"""`kindinbeeld contract`: the outside contract in the formats of other people's tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from events.schema import ANY_EVENT, event_schema, schema_names
from services.cli.options import DataDirOption
from services.system.errors import SystemUnavailable, WrongUsage

__all__ = ["contract_files", "register"]

_GROUP = typer.Typer(
    name="contract",
    help="The contract of the events as JSON Schema and AsyncAPI, and of the count as OpenAPI.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _asyncapi() -> str:
    # Here and not above: no other command has to wait for FastStream.
    from services.contract import asyncapi

    return _text(asyncapi())


def _openapi() -> str:
    # Here too: the web's libraries are for this alone.
    from services.web.api.openapi import describe

    return _text(describe())


def contract_files() -> dict[str, str]:
    """Give every file of the contract by its path inside the directory of the contract."""
    schemas = {f"schema/{name}.schema.json": _text(event_schema(name)) for name in schema_names()}
    return {**schemas, "asyncapi.json": _asyncapi(), "openapi.json": _openapi()}


@_GROUP.command("schema")
def schema(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"A kind of event, or '{ANY_EVENT}' for any of them.")],
    data_dir: DataDirOption = None,
) -> None:
    """Print the JSON Schema of a kind of event."""
    if kind not in schema_names():
        raise WrongUsage(f"KIND: must be one of {', '.join(schema_names())}")
    typer.echo(_text(event_schema(kind)), nl=False)


@_GROUP.command("asyncapi")
def asyncapi(data_dir: DataDirOption = None) -> None:
    """Print the AsyncAPI document: which messages pass on which channels."""
    typer.echo(_asyncapi(), nl=False)


@_GROUP.command("openapi")
def openapi(data_dir: DataDirOption = None) -> None:
    """Print the OpenAPI document of the pages' server: what may be asked of it by HTTP."""
    typer.echo(_openapi(), nl=False)


@_GROUP.command("write")
def write(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made when it is not there.")],
    data_dir: DataDirOption = None,
) -> None:
    """Write the JSON Schema of every kind, the AsyncAPI and the OpenAPI document to a directory."""
    try:
        files = contract_files()
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SystemUnavailable(f"DIR: cannot be written: {error.strerror}") from None
    typer.echo(f"wrote {len(files)} files", err=True)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.add_typer(_GROUP)
