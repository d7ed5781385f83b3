"""Closures as annotations on an organisation's own Grafana: every time chart there shows when schools were closed.

Annotations are known again by their tags; twice in a row changes nothing, and only our own are ever touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.grafana.connection import grafana

TAGS: Final = ("kind-in-beeld", "closure")
"""What every annotation of ours carries, beside ``closure:<name>``."""

_MOST: Final = 10_000


@dataclass(frozen=True)
class ClosureNote:
    """One closure to show; instants in milliseconds since 1970 (Grafana's unit), ``until`` None when not known yet."""

    name: str
    since: int
    until: int | None
    text: str


@dataclass
class Written:
    """What was changed, by the names of the closures."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def annotate(url: str, token: str, notes: Iterable[ClosureNote], *, dry_run: bool = False) -> Written:
    """Make the annotations of a Grafana those of ``notes``, for the whole organisation; with ``dry_run`` only say how.

    Raises GrafanaRefusedError.
    """
    with grafana(url, token) as api:
        return _annotate(api, list(notes), dry_run)


def _annotate(api: Any, notes: list[ClosureNote], dry_run: bool) -> Written:
    there: dict[str, list[dict[str, Any]]] = {}
    for annotation in api.annotations.find_annotations(tags=TAGS, ann_type="annotation", limit=_MOST):
        name = next((tag.removeprefix("closure:") for tag in annotation["tags"] if tag.startswith("closure:")), None)
        if name is not None:
            there.setdefault(name, []).append(annotation)
    written = Written()
    for note in notes:
        known = there.pop(note.name, [])
        wanted = _wanted(note)
        if not known:
            written.added.append(note.name)
            if not dry_run:
                api.annotations.add_annotation(**wanted)
        elif _differs(known[0], wanted):
            written.updated.append(note.name)
            if not dry_run:
                api.annotations.update_annotation(known[0]["id"], **wanted)
        else:
            written.unchanged.append(note.name)
        there[note.name] = known[1:]  # more than one of a closure: the others go
    for name, superfluous in there.items():
        for annotation in superfluous:
            written.removed.append(name)
            if not dry_run:
                api.annotations.delete_annotations_by_id(annotation["id"])
    return written


def _wanted(note: ClosureNote) -> dict[str, Any]:
    return {
        "time_from": note.since,
        "time_to": note.since if note.until is None else note.until,
        "tags": [*TAGS, f"closure:{note.name}"],
        "text": note.text,
    }


def _differs(annotation: dict[str, Any], wanted: dict[str, Any]) -> bool:
    stands = annotation["time"], annotation.get("timeEnd", annotation["time"]), annotation["text"]
    return stands != (wanted["time_from"], wanted["time_to"], wanted["text"]) or set(annotation["tags"]) != set(
        wanted["tags"]
    )
