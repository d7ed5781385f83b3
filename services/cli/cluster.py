"""`kindinbeeld cluster`: a ledger of several servers."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.system.errors import SystemUnavailable, WrongUsage

Directory = Annotated[Path, typer.Argument(metavar="DIRECTORY", help="Where everything is written and kept.")]


class Cipher(StrEnum):
    """The ciphers of a store."""

    AES = "aes"
    CHACHAPOLY = "chachapoly"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="A ledger of several servers.")
    app.add_typer(group, name="cluster")
    group.command()(config)
    group.command()(leaf)
    group.command()(streams)


def config(
    directory: Directory,
    server: Annotated[
        list[str],
        typer.Option(
            "--server", metavar="NAME=HOST", help="A server: NAME=HOST, NAME=HOST:4222:6222:7422:8222, …@ZONE."
        ),
    ],
    files: Annotated[
        str | None,
        typer.Option(
            "--files", help="Where a server finds its files; {name} is its name.", show_default="where they are written"
        ),
    ] = None,
    store: Annotated[
        str, typer.Option("--store", help="Where a server keeps its streams; {name} is its name.")
    ] = "/var/lib/kindinbeeld-nats",
    ca: Annotated[
        str | None,
        typer.Option(
            "--ca", help="Where the parts find the authority's certificate.", show_default="where it is written"
        ),
    ] = None,
    encrypt: Annotated[
        Cipher | None, typer.Option("--encrypt", help="Store encrypted, with a key in the server's environment.")
    ] = None,
    sync_interval: Annotated[
        str, typer.Option("--sync-interval", help="Longest time until a server flushes to its disk; always.")
    ] = "1s",
    store_size: Annotated[
        str | None,
        typer.Option(
            "--store-size",
            metavar="SIZE",
            help="The most that a server stores: 500MB, 200GB, 2TB.",
            show_default="three quarters of what is free at each start",
        ),
    ] = None,
) -> None:
    """Write the configuration of a cluster: an authority, certificates, passwords, one directory for each server.

    Again into the same directory: the certificates are made anew, the authority, passwords and keys are kept.
    """
    from deploy.cluster import ClusterServer, Layout, copies_of, write_cluster
    from services.system import values

    try:
        servers = [ClusterServer.parse(each) for each in server]
    except ValueError as rule:
        raise WrongUsage(f"--server: must be {rule}") from None
    if len({each.name for each in servers}) != len(servers):
        raise WrongUsage("--server: must have another name for each")
    zones = {each.zone for each in servers} - {None}
    if zones and (any(each.zone is None for each in servers) or len(zones) < copies_of(len(servers))):
        raise WrongUsage("--server: must have a zone each, or none has one; three copies take three zones")
    try:
        flushed = values.duration_or("always")(sync_interval)
    except ValueError as rule:
        raise WrongUsage(f"--sync-interval: must be {rule}") from None
    try:
        most = None if store_size is None else values.size(store_size)
    except ValueError as rule:
        raise WrongUsage(f"--store-size: must be {rule}") from None
    layout = Layout(
        files=files or str(directory.absolute() / "{name}"),
        store=store,
        ca=ca or str(directory.absolute() / "ca.pem"),
        cipher=None if encrypt is None else encrypt.value,
        sync_interval=flushed,
        store_bytes=most,
    )
    try:
        write_cluster(directory, servers, layout)
    except (OSError, ValueError) as error:
        raise SystemUnavailable(f"{directory} cannot be used: {getattr(error, 'strerror', None) or error}") from None
    for each in servers:
        print(directory / each.name)
    print(f"keep {directory / 'ca.key'} and passwords.json where no server is", file=sys.stderr)


def leaf(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="What `cluster config` wrote for the ledger.")],
    desk: Annotated[str, typer.Option("--desk", help="Whose reports it carries: school, wij, leerplicht, …")],
    name: Annotated[
        str,
        typer.Option(
            "--name", metavar="NAME=HOST", help="The municipality's server: NAME=HOST[:PORT], as its desk reaches it."
        ),
    ],
    server: Annotated[
        list[str],
        typer.Option("--server", metavar="NAME=HOST", help="A server of the ledger, as given to `cluster config`."),
    ],
    files: Annotated[
        str, typer.Option("--files", help="Where it finds its files; {name} is its name.")
    ] = "/etc/kindinbeeld/nats",
    ca: Annotated[
        str, typer.Option("--ca", help="Where the desk finds the authority's certificate.")
    ] = "/etc/kindinbeeld/ca.pem",
) -> None:
    """Write the configuration of a municipality's own server: a leaf node that carries one desk to the ledger.

    Again into the same directory: its certificate is made anew, its password is kept.
    """
    from deploy.cluster import ClusterServer
    from deploy.leaf import write_leaf

    try:
        servers = [ClusterServer.parse(each) for each in server]
        place = ClusterServer.parse(name)
        write_leaf(directory, place, desk, servers, files=files, ca=ca)
    except ValueError as rule:
        raise WrongUsage(f"must be {rule}") from None
    except OSError as error:
        raise SystemUnavailable(f"{directory} cannot be used: {error.strerror or error}") from None
    print(directory / place.name)


def streams() -> None:
    """Make the ledger's streams on the servers that KINDINBEELD_NATS_URL names; those that exist stay as they are."""
    from nats.errors import Error
    from nats.js.errors import APIError

    from deploy.nats_address import NatsAddress
    from deploy.streams import make_streams
    from services.ledger.connecting import connect
    from services.system import Settings
    from services.system.logs import configure_logging

    settings = Settings.from_environment()
    configure_logging(settings)
    if settings.nats_url is None:
        raise WrongUsage("KINDINBEELD_NATS_URL: must be set")
    address = NatsAddress.parse(settings.nats_url, settings.nats_user, settings.nats_password)

    async def make() -> tuple[str, ...]:
        async with await connect(address.trusting(settings.nats_ca), name="set-up") as ledger:
            return await make_streams(ledger.nc, replicas=settings.replicas)

    try:
        made = asyncio.run(make())
    except APIError as error:
        why = str(error.description)
        if "tag not unique" in why:
            why = (
                f"{settings.replicas} copies, each in a zone of its own, do not fit on its servers that are up ({why})"
            )
        raise SystemUnavailable(f"the ledger refuses: {why}") from None
    except (Error, OSError) as error:
        raise SystemUnavailable(f"the ledger does not answer: {type(error).__name__}") from None
    for name in made:
        print(f"made {name}")
