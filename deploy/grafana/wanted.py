"""Everything that a publication wants on a Grafana, as the JSON of its HTTP API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.counting import country, municipality, region
from deploy.grafana.names import COUNTS, OPERATIONS, Names
from deploy.grafana.operating import operations
from deploy.grafana.rules import groups

__all__ = ["Choices", "Wanted", "wanted"]

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What an organisation chooses. ``database`` and ``prometheus``: as Grafana reaches them."""

    database: str = field(repr=False)
    """`postgresql://user:password@host:port/name`, of a role that reads and nothing else."""
    prometheus: str
    mail: str | None = None
    """Where alerts go, several addresses with commas; without it, where the organisation sends all of its alerts."""
    coverage: float = 0.8
    docs: str | None = None
    """Address at which the folder with this documentation can be read, for links from alerts."""
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to stand there; ``secrets``: by uid of a data source, never told back by Grafana."""

    names: Names
    folder: dict[str, Any]
    teams: list[str]
    sources: list[dict[str, Any]]
    secrets: dict[str, dict[str, str]] = field(repr=False)
    dashboards: list[dict[str, Any]]
    contact: dict[str, Any] | None
    groups: list[dict[str, Any]]


def wanted(choices: Choices) -> Wanted:
    """Work out what a publication wants."""
    names = Names(choices.area)
    counts, secret = _counts(names, choices.database)
    machine = {
        "uid": names.operations,
        "name": names.title("Kind in beeld: systeem"),
        "type": OPERATIONS,
        "access": "proxy",
        "url": choices.prometheus,
        "isDefault": False,
        "jsonData": {"httpMethod": "POST"},
    }
    builders = [country, region, municipality, operations] if choices.area is None else [country, municipality]
    made = [_plain(build(names).build()) for build in builders]
    for each in made:
        each["annotations"].setdefault("list", [])
        each["templating"].setdefault("list", [])
        for number, panel in enumerate(each["panels"], start=1):
            panel["id"] = number
    contact = {
        "uid": names.uid("contact"),
        "name": names.receiver,
        "type": "email",
        "settings": {"addresses": (choices.mail or "").replace(",", ";"), "singleEmail": True},
        "disableResolveMessage": False,
    }
    rules = groups(names, choices.coverage, names.receiver if choices.mail else None, choices.docs)
    return Wanted(
        names,
        {"uid": names.folder, "title": names.title("Kind in beeld")},
        _teams(choices.area),
        [counts, machine] if choices.area is None else [counts],
        {names.counts: secret} if secret else {},
        made,
        contact if choices.mail else None,
        [_plain(group) for group in rules if choices.area is None or group.title == names.title(_COUNTING)],
    )


_COUNTING = "Kind in beeld: telling"


def _teams(area: str | None) -> list[str]:
    """A team for each role that may see all that this publication shows."""
    if area is None:
        return ["Kind in beeld: landelijk", "Kind in beeld: evaluatie"]
    return [f"Kind in beeld: {'regio' if area.startswith('VR') else 'gemeente'} {area}"]


def _counts(names: Names, address: str) -> tuple[dict[str, Any], dict[str, str]]:
    parts = urlsplit(address)
    host = parts.hostname or "127.0.0.1"
    asked = parse_qs(parts.query)
    secure = asked.get("sslmode", ["disable" if host in _LOOPBACK else "require"])[0]
    source = {
        "uid": names.counts,
        "name": names.title("Kind in beeld: telling"),
        "type": COUNTS,
        "access": "proxy",
        "url": f"{f'[{host}]' if ':' in host else host}:{parts.port or 5432}",
        "user": unquote(parts.username or "kindinbeeld_reader"),
        "isDefault": False,
        "jsonData": {"database": unquote(parts.path.lstrip("/")), "sslmode": secure, "timescaledb": False},
    }
    return source, {"password": unquote(parts.password)} if parts.password else {}


def _plain(built: Any) -> Any:
    return json.loads(JSONEncoder().encode(built))
