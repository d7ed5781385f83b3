"""Who may do what at the broker: one user for each part of a system, with what that part needs and nothing else.

A server answers a publish that is not permitted with silence to the publisher, who waits in vain, and with a word to
the connection's error callback.
"""

from __future__ import annotations

from typing import Any, Final

from events.subjects import (
    ABOUT,
    DESKS,
    EVENTS_STREAM,
    IMPORT_DESK,
    PUBLISHERS,
    REJECTED_STREAM,
    VIEW_CHANGED,
    VIEW_SILENT,
    VIEW_STATUS,
    event_subject,
    rejected_subject,
    resend_subject,
    resolved_subject,
)

__all__ = ["PARTS", "SERVERS", "SET_UP", "permissions"]

SET_UP: Final = "setup"
"""The part that makes streams and may erase: unbounded, used by `up` at its start and by nobody else."""

PARTS: Final = ("view", "page", "archive", "reader", IMPORT_DESK, "reporter", "resender", *DESKS)
"""The parts that have a user of their own, each named as its user: `reader` for the commands that read, `reporter` for
programs that report by NATS, `resender` for the command that has desks take once more what they refused."""

SERVERS: Final = "kib.ledger.servers"
"""Where each server of a cluster answers what it stores and how much it may (`deploy.cluster`).

Who asks with JSZ's options is also told the accounts, their streams and consumers and how those are set; no message.
"""

_COORDINATOR: Final = "coordinator"


def permissions(part: str, domain: str | None = None) -> dict[str, Any]:
    """Give the permissions of a part in the words of the server's configuration. Raises KeyError for no part.

    `domain`: that of the ledger's streams, by which they are asked for from a leaf node; asking so is permitted too.
    """
    publish, subscribe, answers = _RIGHTS[part]
    if domain is not None:
        asked = (subject for subject in publish if subject.startswith("$JS.API."))
        publish = [*publish, *(subject.replace("$JS.", f"$JS.{domain}.", 1) for subject in asked)]
    # Answers come to a place of its own: one part cannot listen to what another is answered.
    rights: dict[str, Any] = {"publish": {"allow": publish}, "subscribe": {"allow": [*subscribe, f"_INBOX.{part}.>"]}}
    if answers:
        rights["allow_responses"] = {"max": 1, "expires": "1m"}
    return rights


def _reading(stream: str) -> list[str]:
    """What reading a stream takes: to ask about it, and consumers of one's own."""
    api = "$JS.API"
    return [
        f"{api}.STREAM.INFO.{stream}",
        f"{api}.CONSUMER.CREATE.{stream}",
        f"{api}.CONSUMER.CREATE.{stream}.>",
        f"{api}.CONSUMER.INFO.{stream}.>",
        f"{api}.CONSUMER.DELETE.{stream}.>",
        f"{api}.CONSUMER.MSG.NEXT.{stream}.>",
        f"{api}.STREAM.MSG.GET.{stream}",
        f"{api}.DIRECT.GET.{stream}",
        f"{api}.DIRECT.GET.{stream}.>",
    ]


def _desk(desk: str) -> tuple[list[str], list[str], bool]:
    """A desk publishes its own kinds, looks at its own last message, answers reports; the coordinator's also asks."""
    own = [event_subject(desk, kind) for kind, desks in PUBLISHERS.items() if desk in desks]
    own += [f"{subject}.*" for subject in own if subject.rpartition(".")[2] in ABOUT]  # where it names its part
    places = [
        f"$JS.API.DIRECT.GET.{EVENTS_STREAM}.kib.events.{desk}.>",
        f"$JS.API.DIRECT.GET.{REJECTED_STREAM}.{rejected_subject(desk)}",
        f"$JS.API.DIRECT.GET.{REJECTED_STREAM}.{resolved_subject(desk)}",
    ]
    refusals = [rejected_subject(desk), resolved_subject(desk)]
    asks = [VIEW_SILENT] if desk == _COORDINATOR else []
    # The right to answer whoever asks ends at a leaf node: where answers of this desk are awaited it may publish.
    answers = [f"_INBOX.{asker}.{desk}.>" for asker in ("reporter", "resender")]
    return [*own, *refusals, *places, *asks, *answers], [f"kib.desk.{desk}.report", resend_subject(desk)], True


_RIGHTS: Final[dict[str, tuple[list[str], list[str], bool]]] = {
    "view": ([*_reading(EVENTS_STREAM), VIEW_CHANGED, VIEW_STATUS], [VIEW_STATUS, VIEW_SILENT], True),
    # How the other stream stands, too: of what lies in it that tells nothing.
    "page": (
        [*_reading(EVENTS_STREAM), f"$JS.API.STREAM.INFO.{REJECTED_STREAM}", VIEW_STATUS, SERVERS],
        [VIEW_CHANGED],
        False,
    ),
    "archive": (_reading(EVENTS_STREAM), [], False),
    "reader": ([*_reading(EVENTS_STREAM), *_reading(REJECTED_STREAM), VIEW_STATUS], [VIEW_CHANGED], False),
    IMPORT_DESK: (
        [
            *_reading(EVENTS_STREAM),
            *_reading(REJECTED_STREAM),
            f"kib.events.{IMPORT_DESK}.>",
            rejected_subject(IMPORT_DESK),
            resolved_subject(IMPORT_DESK),
        ],
        [],
        False,
    ),
    "reporter": ([f"kib.desk.{desk}.report" for desk in DESKS], [], False),
    "resender": ([*map(resend_subject, DESKS)], [], False),
    **{desk: _desk(desk) for desk in DESKS},
}
"""For each part: where it publishes, where it listens, and whether it answers requests."""
