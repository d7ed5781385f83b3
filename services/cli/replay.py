"""`kindinbeeld replay`: what was known then, played again into pages of its own or into a view."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.options import ArchiveOption, DataDirOption, archive_of, data_dir_of
from services.system.errors import SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from services.replaying.history import History, Point
    from services.system import DataDir

__all__ = ["register"]

SANDBOX: Final = "sandbox"
_URL: Final = "http://127.0.0.1:{port}"
_TOLD: Final = """
This is a rehearsal of {events} events, on {url}
Every page says so, and steers it; so does --tell: {run}kindinbeeld replay --port {port} --tell "jump 2020-W14"
Nothing of it is kept. Ctrl-C ends it.
"""


def replay(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|-",
            help="NDJSON of events with recordedtime (plain, gzip, zstd), or Parquet from export.",
            show_default="the ledger of the running system",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="MOMENT", help="Where it begins: a sequence, a week (2020-W12), or a time."),
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="MOMENT", help="Where it ends, likewise.")] = None,
    pace: Annotated[
        str, typer.Option(metavar="full|1w/10s", help="A week in 10 seconds; w, d, h or m in s, m or h. Sandbox only.")
    ] = "1w/10s",
    into: Annotated[
        str,
        typer.Option(
            metavar="sandbox|FILE.sqlite|postgresql://…", help="Pages of its own, or a new view, at full speed."
        ),
    ] = SANDBOX,
    paused: Annotated[bool, typer.Option("--paused", help="Wait at the beginning.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the pages; 0: any free one.")] = 8790,
    tell: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMAND",
            help="Steer the rehearsal that runs on the port: pause, go, step day|week|batch, back day|week, "
            "jump MOMENT, pace PACE.",
        ),
    ] = None,
    archive: ArchiveOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Play the ledger again, as it became known: into pages of its own, for training, or into a new view.

    Reads the ledger of the running system, an archive (--archive), or a FILE. The system itself is not touched.
    """
    if tell:
        _steer(port, tell)
        return
    if file is not None and archive is not None:
        raise WrongUsage("--archive: not together with a FILE")
    _ensure_pace(pace)
    where = data_dir_of(data_dir)
    directory = None if archive is None else archive_of(archive, where)
    from services.cli.evaluate import failing_file, stopping
    from services.replaying.history import History
    from services.replaying.sources import batches_of
    from services.system.logs import configure_logging

    configure_logging()
    with tempfile.TemporaryDirectory(prefix="kindinbeeld-replay-", ignore_cleanup_errors=True) as temporary:
        work = Path(temporary)
        with stopping(), failing_file(file or "the events"):
            history = History(work / "events", batches_of(file, directory, where, work))
        if not len(history):
            raise SystemUnavailable("there are no events to replay")
        first, last = _span(history, since, until)
        if into == SANDBOX:
            _rehearse(history, where, work, first, last, pace, port, going=not paused)
        else:
            _fill(history, into, since, first, last)


def _ensure_pace(pace: str) -> None:
    from events import Rejected
    from services.replaying.pace import pace_of

    try:
        pace_of(pace)
    except Rejected as error:
        raise WrongUsage(f"--pace: {error.rule}") from None


def _span(history: History, since: str | None, until: str | None) -> tuple[Point, Point]:
    from events import Rejected

    found: list[Point] = []
    for option, text, otherwise in (("--from", since, "1"), ("--to", until, str(history.position(len(history))))):
        try:
            found.append(history.moment(text or otherwise))
        except Rejected as error:
            raise WrongUsage(f"{option}: {error.rule}") from None
    first, last = found
    if last.at < first.at or last.taken < first.taken:
        raise WrongUsage("--to: lies before --from")
    return first, last


def _rehearse(
    history: History, where: DataDir, work: Path, first: Point, last: Point, pace: str, port: int, *, going: bool
) -> None:
    from services.replaying.entering import entering
    from services.replaying.player import Player
    from services.replaying.serving import serve
    from services.up.listening import listen, url_of

    listening = listen(port, "--port, 0 for any")
    place = work / "live.sqlite"
    player = Player(history, place, first, last, pace, going=going)
    url = url_of(listening)
    entrance, link = entering(where, work, url)
    run = "uv run " if "UV_RUN_RECURSION_DEPTH" in os.environ else ""

    def ready() -> None:
        bound = listening.getsockname()[1]
        print(_TOLD.format(events=len(history), url=link or url, port=bound, run=run), file=sys.stderr, flush=True)
        print(f"ready {url}", flush=True)

    player.start()
    try:
        asyncio.run(serve(player, place, listening, ready, access=entrance))
    finally:
        player.stop()
        listening.close()


def _fill(history: History, into: str, since: str | None, first: Point, last: Point) -> None:
    from projections.live.database import UNREADABLE, ViewAwayError
    from services.replaying.into import fill

    place: Path | str = into if into.startswith(("postgresql://", "postgres://")) else Path(into).absolute()
    if isinstance(place, Path) and (place.exists() or not place.parent.is_dir()):
        raise WrongUsage("--into: must be sandbox, a new file in a directory that exists, or postgresql://…")
    # What is known at the beginning of a rehearsal lies before it; a view holds only what one asked for.
    begin = 0 if since is None else history.before(since)
    try:
        position = fill(history, place, begin, last.taken)
    except UNREADABLE as away:
        # What a database says itself may hold its address.
        why = str(away) if isinstance(away, ViewAwayError) else type(away).__name__
        raise SystemUnavailable(f"--into: the view cannot be written: {why}") from None
    print(f"{last.taken - begin} events in the view, up to sequence {position}", file=sys.stderr)


def _steer(port: int, commands: list[str]) -> None:
    import httpx

    url = _URL.format(port=port)
    for words in commands:
        headers = {"Origin": url, "Accept": "application/json"}
        try:
            answer = httpx.post(f"{url}/oefening?lang=en", data={"command": words}, headers=headers, timeout=600)
            told = answer.json()
        except (httpx.HTTPError, ValueError):
            raise SystemUnavailable(f"no rehearsal answers on port {port}") from None
        if answer.status_code != 200:
            raise WrongUsage(f"--tell: {told.get('rule', 'refused')}")
        print(f"{told['now']} {told['position']} {told['words']['told']}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(replay)
