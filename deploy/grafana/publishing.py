"""Making a Grafana show what is wanted: only what differs is written, and only what is ours is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from deploy.grafana.comparing import differences
from deploy.grafana.connection import grafana, or_none, team_named
from deploy.grafana.names import MARK
from deploy.grafana.wanted import Wanted

__all__ = ["Change", "publish"]

_VIEW: Final = 1
_BY_GRAFANA: Final = {"id", "version"}
"""What Grafana itself sets in a dashboard."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was written, or would be. ``verb``: add, update or remove."""

    verb: str
    kind: str
    name: str
    what: list[str] = field(default_factory=list)


def publish(url: str, token: str, want: Wanted, *, dry_run: bool = False, secrets: bool = False) -> list[Change]:
    """Make a Grafana show what is wanted and say what was changed; with ``dry_run`` only say it.

    A password that Grafana has cannot be read back: it is written with a new data source, when something else of the
    source differs, and always with ``secrets``. Raises GrafanaRefusedError.
    """
    with grafana(url, token) as api:
        done = []
        for change, write in _Publication(api, want, secrets).changes():
            if not dry_run:
                write()
            done.append(change)
        return done


_Step = tuple[Change, Callable[[], Any]]


class _Publication:
    """Finds what has to be written, in an order in which everything is there that the next thing names."""

    def __init__(self, api: Any, want: Wanted, secrets: bool) -> None:
        self._api, self._want, self._secrets = api, want, secrets
        self._folder: Any = None

    def changes(self) -> Iterator[_Step]:
        yield from self._the_folder()
        yield from self._teams()
        yield from self._permissions()
        yield from self._sources()
        yield from self._dashboards()
        yield from self._contact()
        yield from self._rules()

    def _the_folder(self) -> Iterator[_Step]:
        folder, api = self._want.folder, self._api.folder
        uid, title = folder["uid"], folder["title"]
        self._folder = found = or_none(api.get_folder, uid)
        if found is None:
            yield Change("add", "folder", title), partial(api.create_folder, title, uid)
        elif what := list(differences(folder, found)):
            yield (
                Change("update", "folder", title, what),
                partial(api.update_folder, uid, title, version=found["version"]),
            )

    def _teams(self) -> Iterator[_Step]:
        for name in self._want.teams:
            if team_named(self._api, name) is None:
                yield Change("add", "team", name), partial(self._api.teams.add_team, {"name": name, "email": MARK})

    def _permissions(self) -> Iterator[_Step]:
        """Only our teams see the folder (and who administers that Grafana): not everyone who may sign in there."""
        uid = self._want.folder["uid"]
        teams = {name: team_named(self._api, name) for name in self._want.teams}
        stands: list[Any] = [] if self._folder is None else self._api.folder.get_folder_permissions(uid)
        # What is inherited cannot be set here, and administrators cannot be kept out.
        own = {
            (entry.get("teamId") or 0, entry.get("userId") or 0, entry.get("role") or "", entry["permission"])
            for entry in stands
            if not entry.get("inherited") and entry.get("role") != "Admin"
        }
        wanted = {(team["id"] if team else -1, 0, "", _VIEW) for team in teams.values()}
        if own != wanted:
            change = Change("update", "permissions", self._want.folder["title"], [f"{', '.join(teams)}: View"])
            yield change, partial(self._permit, uid)

    def _permit(self, uid: str) -> None:
        found = [team_named(self._api, name) for name in self._want.teams]
        items = [{"teamId": team["id"], "permission": _VIEW} for team in found]
        self._api.folder.update_folder_permissions(uid, {"items": items})

    def _sources(self) -> Iterator[_Step]:
        api = self._api.datasource
        for source in self._want.sources:
            uid = source["uid"]
            found = or_none(api.get_datasource_by_uid, uid)
            secret = self._want.secrets.get(uid, {})
            body = source | ({"secureJsonData": secret} if secret else {})
            if found is None:
                yield Change("add", "data source", source["name"]), partial(api.create_datasource, body)
                continue
            what = list(differences(source, found))
            kept = found.get("secureJsonFields") or {}
            what += [f"secret {name}" for name in secret if self._secrets or not kept.get(name)]
            if what:
                whole = body | {"version": found["version"]} if "version" in found else body
                yield (
                    Change("update", "data source", source["name"], what),
                    partial(api.update_datasource_by_uid, uid, whole),
                )

    def _dashboards(self) -> Iterator[_Step]:
        api, folder = self._api.dashboard, self._want.folder["uid"]
        for dashboard in self._want.dashboards:
            title = dashboard["title"]
            found = or_none(api.get_dashboard, dashboard["uid"])
            body: dict[str, Any] = {"folderUid": folder, "overwrite": False, "message": "kindinbeeld grafana publish"}
            if found is None:
                body["dashboard"] = dashboard | {"id": None}
                yield Change("add", "dashboard", title), partial(api.update_dashboard, body)
                continue
            stands = {key: value for key, value in found["dashboard"].items() if key not in _BY_GRAFANA}
            what = list(differences(dashboard, stands, exact=True))
            if found["meta"].get("folderUid") != folder:
                what.append("folder")
            if what:
                body["dashboard"] = dashboard | {key: found["dashboard"][key] for key in _BY_GRAFANA}
                yield Change("update", "dashboard", title, what), partial(api.update_dashboard, body)

    def _contact(self) -> Iterator[_Step]:
        want, api = self._want.contact, self._api.alertingprovisioning
        if want is None:
            return
        found = next((each for each in api.get_contactpoints(want["name"]) if each["uid"] == want["uid"]), None)
        if found is None:
            yield Change("add", "contact point", want["name"]), partial(api.create_contactpoint, want)
        elif what := list(differences(want, found)):
            yield (
                Change("update", "contact point", want["name"], what),
                partial(api.update_contactpoint, want["uid"], want),
            )

    def _rules(self) -> Iterator[_Step]:
        api, folder = self._api.alertingprovisioning, self._want.folder["uid"]
        for group in self._want.groups:
            title = group["title"]
            found = or_none(api.get_rule_group, folder, quote(title))
            verb = "add" if found is None else "update"
            what = [] if found is None else list(differences(_comparable(group), _comparable(found)))
            if found is None or what:
                yield (
                    Change(verb, "alert rules", title, what),
                    partial(api.update_rule_group, folder, quote(title), group),
                )


def _comparable(group: dict[str, Any]) -> dict[str, Any]:
    """Give a group of rules without what Grafana numbers itself, its rules by their uids."""
    rules = {rule["uid"]: {k: v for k, v in rule.items() if k not in ("orgID", "id")} for rule in group["rules"]}
    return group | {"rules": rules, "rule uids": sorted(rules)}
