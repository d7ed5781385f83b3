"""The pages of a rehearsal: those of a system, fed by a replay."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from projections.live.reading import LiveReader
from services.replaying.player import Player
from services.web.access.entrance import Entrance
from services.web.app import create_app
from services.web.details.beside import DetailsBeside
from services.web.serving import server_of
from services.web.source import Lag

__all__ = ["serve"]


async def serve(
    player: Player, place: Path, listening: socket.socket, ready: Callable[[], None], *, access: Entrance | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; `place` is where the player, which has been started, keeps its view.

    `ready` is called when the pages can be looked at; `access` tells who may.
    """
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    player.changed = tell
    reader = LiveReader(place)
    app = create_app(
        reader,
        player.now,
        lambda: Lag(player.state().position),
        True,
        changed,
        access=access,
        details=DetailsBeside(place, player.now, changed.set),
        rehearsing=player,
    )
    server = server_of(app)
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if server.started:
        ready()
    await serving
    reader.close()
