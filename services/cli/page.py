"""`kindinbeeld page`: the server of the pages by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.options import DataDirOption


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def page(
        host: Annotated[
            str, typer.Option("--host", help="Where to listen; on anything but loopback everyone has to sign in.")
        ] = "127.0.0.1",
        port: Annotated[
            int | None,
            typer.Option("--port", min=0, max=65535, show_default="KINDINBEELD_PORT, or 8787", help="0: any free one."),
        ] = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Serve the pages until SIGINT or SIGTERM, from the tables of a live view (`kindinbeeld view`).

        The view's data directory is the same one. The ledger is the one that KINDINBEELD_NATS_URL names.
        """
        from services.cli.listening import listen
        from services.cli.view import become
        from services.system import DataDir, Settings, find_system
        from services.system.logs import configure_logging

        settings = Settings.from_environment()
        configure_logging(settings)
        place = DataDir(data_dir)
        place.prepare()
        find_system(place, settings)
        listening = listen(host, settings.port if port is None else port)
        listening.set_inheritable(True)
        name, number = listening.getsockname()[:2]
        # The socket listens already: who comes before the page is read is answered a moment later.
        listening.listen(1024)
        print(f"listening http://{f'[{name}]' if ':' in name else name}:{number}/", flush=True)
        become("services.web", str(place), str(listening.detach()))
