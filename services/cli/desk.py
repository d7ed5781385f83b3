"""`kindinbeeld desk`: one desk by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.options import DataDirOption
from services.system.errors import WrongUsage


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def desk(
        name: Annotated[str, typer.Argument(metavar="NAME", help="school, wij, leerplicht, jeugdhulp or coordinator.")],
        host: Annotated[
            str, typer.Option("--host", help="Where to listen; anything but loopback needs access control.")
        ] = "127.0.0.1",
        port: Annotated[
            int | None,
            typer.Option(
                "--port", min=0, max=65535, show_default="KINDINBEELD_DESK_PORT and on", help="0: any free one."
            ),
        ] = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Run one desk until SIGINT or SIGTERM: it takes reports in, keeps them and carries them to the ledger.

        It finds the system on its data directory, or the ledger that KINDINBEELD_NATS_URL names, and takes in without.
        """
        from events import DESKS
        from services.cli.listening import listen
        from services.system import DataDir, Settings
        from services.system.logs import configure_logging

        if name not in DESKS:
            raise WrongUsage(f"NAME: must be one of {', '.join(DESKS)}")
        settings = Settings.from_environment()
        configure_logging(settings)
        from services.desks.__main__ import serve

        number = settings.desk_port_of(name) if port is None else port
        with listen(host, number) as listening:
            serve(name, DataDir(data_dir), settings, listening, ready=_say)


def _say(url: str) -> None:
    print(f"ready {url}", flush=True)
