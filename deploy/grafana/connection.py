"""Talking to a Grafana: one connection, and what it refuses said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException

__all__ = ["GrafanaRefusedError", "grafana", "or_none", "team_named"]

_TIMEOUT: Final = 10.0


class GrafanaRefusedError(RuntimeError):
    """Grafana cannot be reached or says no; the text is one line."""


@contextmanager
def grafana(url: str, token: str) -> Iterator[Any]:
    """Give the client of a Grafana. Raises GrafanaRefusedError for what goes wrong in the block."""
    try:
        yield GrafanaApi.from_url(url, credential=token, timeout=_TIMEOUT)
    except GrafanaException as error:
        raise GrafanaRefusedError(_words(error)) from None
    except OSError as error:
        raise GrafanaRefusedError(f"Grafana cannot be reached ({type(error).__name__})") from None


def or_none(ask: Any, *arguments: Any, **named: Any) -> Any:
    """Give what Grafana answers, or None when it has no such thing."""
    try:
        return ask(*arguments, **named)
    except GrafanaException as error:
        if error.status_code == 404:
            return None
        raise


def team_named(api: Any, name: str) -> Any:
    """Give a team, None when there is none: asked for by its name, Grafana then answers 404, or gives no team."""
    found = or_none(api.client.GET, "/teams/search", params={"name": name})
    return next((team for team in (found or {}).get("teams", ()) if team["name"] == name), None)


def _words(error: Any) -> str:
    """Say what Grafana answered: its own words name things of its own, and never what was sent to it."""
    answer = error.response if isinstance(error.response, dict) else {}
    said = str(answer.get("message", "")).splitlines()[:1]
    return f"Grafana refuses: status {error.status_code}" + (f", {said[0][:200]}" if said and said[0] else "")
