"""How a desk is doing, for people and machines: health and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.desks.answers import Fate
from services.desks.desk import Desk
from services.desks.relay import Relay
from services.system.disk import Disk, Room

__all__ = ["health_routes"]


def health_routes(desk: Desk, relay: Relay, place: Path | None) -> list[Route]:
    """Give `/health/live`, `/health/ready`, `/health` and `/metrics`.

    `place`: the directory on whose disk the desk's store lies; None: it is in a database.
    """
    disk = Disk(place) if place is not None else None

    async def live(request: Request) -> Response:
        """200 whenever the server answers at all."""
        return JSONResponse({"live": True})

    async def ready(request: Request) -> Response:
        """200 when reports can be taken in, 503 with the reason when not. The ledger may be away: the desk keeps."""
        return JSONResponse(
            {"ready": desk.problem is None, "reason": desk.problem}, status_code=503 if desk.problem else 200
        )

    async def health(request: Request) -> Response:
        """Always 200: whether the desk takes in, how far the ledger is behind it, and why."""
        return JSONResponse(_report(desk, relay))

    async def metrics(request: Request) -> Response:
        """The same as numbers, in the text format of Prometheus."""
        room = await disk.room() if disk is not None else None
        return PlainTextResponse(_metrics(desk, relay, room), media_type="text/plain; version=0.0.4")

    return [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/health", health),
        Route("/metrics", metrics),
    ]


def _report(desk: Desk, relay: Relay) -> dict[str, Any]:
    return {
        "desk": desk.name,
        "ready": desk.problem is None,
        "reason": desk.problem,
        "backlog": desk.backlog,
        "ledger": {"reached": relay.problem is None, "reason": relay.problem, "position": desk.carried.position},
        "answers": {fate.value: number for fate, number in sorted(desk.counts.items())},
    }


def _metrics(desk: Desk, relay: Relay, room: Room | None) -> str:
    name = f'desk="{desk.name}"'
    lines = [
        "# HELP kib_desk_backlog Reports accepted that are not in the ledger yet.",
        "# TYPE kib_desk_backlog gauge",
        f"kib_desk_backlog{{{name}}} {desk.backlog}",
        "# HELP kib_desk_ledger_reached Whether the ledger could be reached the last time (1) or not (0).",
        "# TYPE kib_desk_ledger_reached gauge",
        f"kib_desk_ledger_reached{{{name}}} {int(relay.problem is None)}",
        "# HELP kib_desk_ready Whether the last reports given could be stored (1) or not (0).",
        "# TYPE kib_desk_ready gauge",
        f"kib_desk_ready{{{name}}} {int(desk.problem is None)}",
        "# HELP kib_desk_carried_total Reports carried to the ledger since the start.",
        "# TYPE kib_desk_carried_total counter",
        f"kib_desk_carried_total{{{name}}} {relay.sent}",
        "# HELP kib_desk_answers_total Answers given since the start, by fate.",
        "# TYPE kib_desk_answers_total counter",
        # Each fate from the start on, at 0: of a number that only appears with the first, a rise cannot be seen.
        *(f'kib_desk_answers_total{{{name},fate="{fate}"}} {desk.counts[fate]}' for fate in sorted(Fate)),
        "# HELP kib_desk_refused_total Reports refused since the start, by the field and the rule that it broke.",
        "# TYPE kib_desk_refused_total counter",
        *(
            f'kib_desk_refused_total{{{name},field="{_label(field)}",rule="{_label(rule)}"}} {n}'
            for (field, rule), n in sorted(desk.refused.items())
        ),
        "# HELP kib_desk_made_good_total Refusals made good since the start: sent again and taken in.",
        "# TYPE kib_desk_made_good_total counter",
        f"kib_desk_made_good_total{{{name}}} {desk.made_good}",
    ]
    if room is not None:
        lines += [
            "# HELP kib_desk_disk_bytes Bytes of the disk on which the desk's store lies.",
            "# TYPE kib_desk_disk_bytes gauge",
            f"kib_desk_disk_bytes{{{name}}} {room.total}",
            "# HELP kib_desk_disk_free_bytes Bytes of that disk that are free for the desk.",
            "# TYPE kib_desk_disk_free_bytes gauge",
            f"kib_desk_disk_free_bytes{{{name}}} {room.free}",
        ]
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", " ")
