"""The command line `kindinbeeld`: one module for each command."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from services.system.errors import CommandError
from services.system.lean import stay_lean

_COMMANDS = (
    "up",
    "desk",
    "view",
    "page",
    "demo",
    "counts",
    "audit",
    "rebuild",
    "import_",
    "export",
    "evaluate",
    "archive",
    "replay",
    "compare",
    "triangle",
    "whatif",
    "report",
    "query",
    "simulate",
    "rejected",
    "access",
    "pseudonym",
    "erase",
    "reminders",
    "contract",
    "cluster",
    "grafana",
    "bench",
)


def make_app(asked: str | None = None) -> typer.Typer:
    """Make the command with all its subcommands; with the one that is `asked` for alone, where that is one of them."""
    app = typer.Typer(
        name="kindinbeeld",
        help="Kind in beeld: the pupils that schools no longer reach, counted live by municipality and week.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_no_options)  # one subcommand is a subcommand too
    for name in [name for name in _COMMANDS if name.rstrip("_") == asked] or _COMMANDS:
        import_module(f"services.cli.{name}").register(app)
    return app


def _no_options() -> None:
    """Nothing: all options are those of subcommands."""


def main() -> None:
    """Run the command; an expected failure is one line on standard error and an exit status."""
    stay_lean(tables=True)
    try:
        # Making the others takes longer than many a command.
        make_app(sys.argv[1] if len(sys.argv) > 1 else None)()
    except CommandError as error:
        print(f"kindinbeeld: {error.message}", file=sys.stderr)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # Whoever read our output has had enough (`kindinbeeld export | head`).
        sys.stderr.close()
        sys.exit(0)
