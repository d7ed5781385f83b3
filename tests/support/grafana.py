"""A strict stand-in for Grafana's HTTP API: state, versions, conflicts and permissions; nothing undocumented passes.

It knows only the addresses and fields of Grafana's documentation that somebody here uses, and answers any other with
400 or 404, so that a call that is not in the documentation fails here. What it cannot tell is whether the documentation
is true: for that the same tests run against a real Grafana (`GRAFANA_URL` and `GRAFANA_TOKEN`).
"""

from __future__ import annotations

import copy
import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.grafana_bodies import (
    Annotation,
    B,
    ContactPoint,
    DashboardSave,
    DataSource,
    FolderCreate,
    FolderUpdate,
    PermissionItem,
    Permissions,
    RuleGroup,
    Team,
    check,
)

TOKENS = {"glsa_admin": "Admin", "glsa_editor": "Editor", "glsa_viewer": "Viewer"}
_RANK = {"Viewer": 1, "Editor": 2, "Admin": 3}


class Refused(Exception):  # noqa: N818 - what it answers
    def __init__(self, status_code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status_code, {"message": message, **more}


@dataclass
class State:
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    permissions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    teams: dict[int, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    annotations: dict[int, dict[str, Any]] = field(default_factory=dict)


class StandIn:
    """The stand-in; `writes` counts every request that is not a GET, `before_write` is called before each of them."""

    def __init__(self) -> None:
        self.state = State()
        self.writes = 0
        self.before_write: Callable[[str, str], None] = lambda method, path: None
        self._ids = itertools.count(1)
        routes = [
            ("/api/folders", {"POST": (self.add_folder, "Editor")}),
            (
                "/api/folders/{uid}",
                {
                    "GET": (self.folder, "Viewer"),
                    "PUT": (self.put_folder, "Editor"),
                    "DELETE": (self.drop_folder, "Editor"),
                },
            ),
            (
                "/api/folders/{uid}/permissions",
                {"GET": (self.permissions, "Admin"), "POST": (self.permit, "Admin")},
            ),
            ("/api/teams", {"POST": (self.add_team, "Admin")}),
            ("/api/teams/search", {"GET": (self.find_teams, "Admin")}),
            ("/api/teams/{id:int}", {"DELETE": (self.drop_team, "Admin")}),
            ("/api/datasources", {"POST": (self.add_source, "Admin")}),
            (
                "/api/datasources/uid/{uid}",
                {
                    "GET": (self.source, "Admin"),
                    "PUT": (self.put_source, "Admin"),
                    "DELETE": (self.drop_source, "Admin"),
                },
            ),
            ("/api/dashboards/db", {"POST": (self.save_dashboard, "Editor")}),
            (
                "/api/dashboards/uid/{uid}",
                {"GET": (self.dashboard, "Viewer"), "DELETE": (self.drop_dashboard, "Editor")},
            ),
            ("/api/search", {"GET": (self.search, "Viewer")}),
            (
                "/api/v1/provisioning/contact-points",
                {"GET": (self.contacts, "Editor"), "POST": (self.add_contact, "Editor")},
            ),
            (
                "/api/v1/provisioning/contact-points/{uid}",
                {"PUT": (self.put_contact, "Editor"), "DELETE": (self.drop_contact, "Editor")},
            ),
            ("/api/v1/provisioning/alert-rules", {"GET": (self.rules, "Editor")}),
            ("/api/v1/provisioning/alert-rules/{uid}", {"DELETE": (self.drop_rule, "Editor")}),
            (
                "/api/v1/provisioning/folder/{folder}/rule-groups/{group}",
                {"GET": (self.group, "Editor"), "PUT": (self.put_group, "Editor")},
            ),
            (
                "/api/annotations",
                {"GET": (self.find_annotations, "Viewer"), "POST": (self.add_annotation, "Editor")},
            ),
            (
                "/api/annotations/{id:int}",
                {"PUT": (self.put_annotation, "Editor"), "DELETE": (self.drop_annotation, "Editor")},
            ),
        ]
        self.app = Starlette(
            routes=[Route(path, self._endpoint(methods), methods=list(methods)) for path, methods in routes]
        )

    def _endpoint(self, methods: dict[str, tuple[Callable[..., Any], str]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            act, least = methods[request.method if request.method != "HEAD" else "GET"]
            try:
                scheme, _, token = request.headers.get("Authorization", "").partition(" ")
                role = TOKENS.get(token) if scheme == "Bearer" else None
                if role is None:
                    raise Refused(401, "Invalid API key")
                if _RANK[role] < _RANK[least]:
                    raise Refused(403, "You'll need additional permissions to perform this action.")
                if request.method != "GET":
                    self.before_write(request.method, request.url.path)
                    self.writes += 1
                if raw and not request.headers.get("Content-Type", "").startswith("application/json"):
                    raise Refused(400, "bad request data")
                answer = act(request, raw)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status)
            status, body = answer if isinstance(answer, tuple) else (200, answer)
            return Response(status_code=204) if status == 204 else JSONResponse(body, status)

        return endpoint

    # folders, who sees them, and teams

    def add_folder(self, request: Request, raw: bytes) -> Any:
        body = _read(FolderCreate, raw)
        if body.uid in self.state.folders:
            raise Refused(409, "the folder with the same uid already exists")
        folder = {"id": next(self._ids), "uid": body.uid, "title": body.title, "version": 1, "hasAcl": False}
        self.state.folders[body.uid] = folder
        self.state.permissions[body.uid] = [
            {"userId": 7, "teamId": 0, "permission": 4, "inherited": False},
            {"role": "Editor", "userId": 0, "teamId": 0, "permission": 2, "inherited": False},
            {"role": "Viewer", "userId": 0, "teamId": 0, "permission": 1, "inherited": False},
        ]
        return folder

    def _folder(self, uid: str) -> dict[str, Any]:
        found: dict[str, Any] = _known(self.state.folders, uid, "folder not found")
        return found

    def folder(self, request: Request, raw: bytes) -> Any:
        return self._folder(request.path_params["uid"])

    def put_folder(self, request: Request, raw: bytes) -> Any:
        folder, body = self._folder(request.path_params["uid"]), _read(FolderUpdate, raw)
        if not body.overwrite and body.version != folder["version"]:
            raise Refused(412, "the folder has been changed by someone else", status="version-mismatch")
        folder |= {"title": body.title, "version": folder["version"] + 1}
        return folder

    def drop_folder(self, request: Request, raw: bytes) -> Any:
        uid = self._folder(request.path_params["uid"])["uid"]
        force = _asked(request, "forceDeleteRules").get("forceDeleteRules") == "true"
        if any(folder == uid for folder, _ in self.state.groups) and not force:
            raise Refused(400, "folder cannot be deleted: folder is not empty")
        for group in [key for key in self.state.groups if key[0] == uid]:
            del self.state.groups[group]
        for dashboard in [key for key, each in self.state.dashboards.items() if each["folderUid"] == uid]:
            del self.state.dashboards[dashboard]
        del self.state.folders[uid], self.state.permissions[uid]
        return {"message": "Folder deleted"}

    def permissions(self, request: Request, raw: bytes) -> Any:
        return self.state.permissions[self._folder(request.path_params["uid"])["uid"]]

    def permit(self, request: Request, raw: bytes) -> Any:
        uid = self._folder(request.path_params["uid"])["uid"]
        items = _read(Permissions, raw).items
        for item in items:
            self._check_item(item)
        self.state.permissions[uid] = [
            {"inherited": False, "userId": 0, "teamId": 0} | item.model_dump(exclude_none=True) for item in items
        ]
        return {"message": "Folder permissions updated"}

    def _check_item(self, item: PermissionItem) -> None:
        if sum(each is not None for each in (item.role, item.teamId, item.userId)) != 1:
            raise Refused(400, "permission needs a role, a team or a user")
        if item.teamId is not None and item.teamId not in self.state.teams:
            raise Refused(404, "team not found")

    def add_team(self, request: Request, raw: bytes) -> Any:
        body = _read(Team, raw)
        if any(team["name"] == body.name for team in self.state.teams.values()):
            raise Refused(409, "Team name taken")
        number = next(self._ids)
        self.state.teams[number] = {"id": number, "orgId": 1, "memberCount": 0, **body.model_dump()}
        return {"teamId": number, "message": "Team created"}

    def find_teams(self, request: Request, raw: bytes) -> Any:
        asked = _asked(request, "name", "query", "sort", "page", "perpage")
        found = [team for team in self.state.teams.values() if asked.get("name", team["name"]) == team["name"]]
        if "name" in asked and not found:
            raise Refused(404, "Team not found")
        return {"totalCount": len(found), "teams": found, "page": 1, "perPage": int(asked.get("perpage", 1000))}

    def drop_team(self, request: Request, raw: bytes) -> Any:
        number = request.path_params["id"]
        _known(self.state.teams, number, "Team not found")
        del self.state.teams[number]
        for items in self.state.permissions.values():
            items[:] = [item for item in items if item["teamId"] != number]
        return {"message": "Team deleted"}

    # data sources

    def add_source(self, request: Request, raw: bytes) -> Any:
        body = _read(DataSource, raw)
        if body.uid in self.state.sources or any(s["name"] == body.name for s in self.state.sources.values()):
            raise Refused(409, "data source with the same name already exists")
        return self._keep_source(body, next(self._ids), 1, "Datasource added")

    def source(self, request: Request, raw: bytes) -> Any:
        return _known(self.state.sources, request.path_params["uid"], "Data source not found")

    def put_source(self, request: Request, raw: bytes) -> Any:
        stands, body = self.source(request, raw), _read(DataSource, raw)
        if body.version is not None and body.version != stands["version"]:
            raise Refused(409, "Datasource has already been updated by someone else. Please reload and try again")
        if any(s["name"] == body.name and s["uid"] != stands["uid"] for s in self.state.sources.values()):
            raise Refused(409, "data source with the same name already exists")
        return self._keep_source(body, stands["id"], stands["version"] + 1, "Datasource updated")

    def _keep_source(self, body: DataSource, number: int, version: int, message: str) -> Any:
        kept = body.model_dump(exclude={"secureJsonData", "version"})
        secrets = self.state.secrets.setdefault(body.uid, {})
        secrets |= body.secureJsonData or {}
        kept |= {"id": number, "orgId": 1, "version": version, "readOnly": False, "basicAuth": False}
        kept["secureJsonFields"] = dict.fromkeys(secrets, True)
        self.state.sources[body.uid] = kept
        return {"datasource": kept, "id": number, "name": body.name, "message": message}

    def drop_source(self, request: Request, raw: bytes) -> Any:
        uid = self.source(request, raw)["uid"]
        del self.state.sources[uid]
        self.state.secrets.pop(uid, None)
        return {"message": "Data source deleted", "id": 1}

    # dashboards

    def save_dashboard(self, request: Request, raw: bytes) -> Any:
        body = _read(DashboardSave, raw)
        sent = copy.deepcopy(body.dashboard)
        uid, title = sent.get("uid"), sent.get("title")
        if not title:
            raise Refused(400, "Dashboard title cannot be empty", status="empty-name")
        if not isinstance(uid, str) or not 1 <= len(uid) <= 40:
            raise Refused(400, "uid contains illegal characters or is too long")
        if body.folderUid and body.folderUid not in self.state.folders:
            raise Refused(400, "folder not found")
        stands = self.state.dashboards.get(uid)
        version = 1
        if stands is not None:
            if not body.overwrite and sent.get("id") is None:
                raise Refused(412, "A dashboard with the same uid already exists", status="name-exists")
            if not body.overwrite and sent.get("version") != stands["dashboard"]["version"]:
                raise Refused(412, "The dashboard has been changed by someone else", status="version-mismatch")
            version = stands["dashboard"]["version"] + 1
        number = stands["dashboard"]["id"] if stands else next(self._ids)
        sent |= {"id": number, "version": version}
        self.state.dashboards[uid] = {"dashboard": sent, "folderUid": body.folderUid}
        return {"id": number, "uid": uid, "url": f"/d/{uid}", "status": "success", "version": version, "slug": uid}

    def dashboard(self, request: Request, raw: bytes) -> Any:
        found = _known(self.state.dashboards, request.path_params["uid"], "Dashboard not found")
        return {
            "dashboard": found["dashboard"],
            "meta": {"folderUid": found["folderUid"], "version": found["dashboard"]["version"], "provisioned": False},
        }

    def drop_dashboard(self, request: Request, raw: bytes) -> Any:
        title = self.dashboard(request, raw)["dashboard"]["title"]
        del self.state.dashboards[request.path_params["uid"]]
        return {"message": f"Dashboard {title} deleted", "title": title}

    def search(self, request: Request, raw: bytes) -> Any:
        asked = _asked(request, "folderUIDs", "limit", "type", "query", "tag")
        return [
            {"uid": uid, "title": each["dashboard"]["title"], "type": "dash-db", "folderUid": each["folderUid"]}
            for uid, each in self.state.dashboards.items()
            if asked.get("folderUIDs", each["folderUid"]) == each["folderUid"]
        ]

    # alerting

    def contacts(self, request: Request, raw: bytes) -> Any:
        name = _asked(request, "name").get("name")
        return [each for each in self.state.contacts.values() if name in (None, each["name"])]

    def add_contact(self, request: Request, raw: bytes) -> Any:
        body = _read(ContactPoint, raw)
        if body.uid in self.state.contacts:
            raise Refused(409, "receiver uid taken")
        self.state.contacts[body.uid] = body.model_dump() | {"provenance": "api"}
        return 202, self.state.contacts[body.uid]

    def put_contact(self, request: Request, raw: bytes) -> Any:
        uid, body = request.path_params["uid"], _read(ContactPoint, raw)
        _known(self.state.contacts, uid, "contact point not found")
        self.state.contacts[uid] = body.model_dump() | {"uid": uid, "provenance": "api"}
        return 202, {"message": "contactpoint updated"}

    def drop_contact(self, request: Request, raw: bytes) -> Any:
        uid = request.path_params["uid"]
        name = _known(self.state.contacts, uid, "contact point not found")["name"]
        if any(name == (rule.get("notification_settings") or {}).get("receiver") for rule in self._rules()):
            raise Refused(409, "contact point is currently used by a notification policy or an alert rule")
        del self.state.contacts[uid]
        return 202, {"message": "contactpoint deleted"}

    def _rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.state.groups.values() for rule in group["rules"]]

    def rules(self, request: Request, raw: bytes) -> Any:
        return self._rules()

    def drop_rule(self, request: Request, raw: bytes) -> Any:
        for key, group in list(self.state.groups.items()):
            group["rules"] = [rule for rule in group["rules"] if rule["uid"] != request.path_params["uid"]]
            if not group["rules"]:
                del self.state.groups[key]
        return 204, None

    def group(self, request: Request, raw: bytes) -> Any:
        key = request.path_params["folder"], request.path_params["group"]
        return _known(self.state.groups, key, "rule group does not exist")

    def put_group(self, request: Request, raw: bytes) -> Any:
        key, body = (request.path_params["folder"], request.path_params["group"]), _read(RuleGroup, raw)
        if key != (body.folderUid, body.title):
            raise Refused(400, "folder and title must be those of the address")
        if body.folderUid not in self.state.folders:
            raise Refused(400, "folder does not exist")
        names = {each["name"] for each in self.state.contacts.values()}
        elsewhere = {rule["uid"]: k for k, group in self.state.groups.items() for rule in group["rules"] if k != key}
        for rule in body.rules:
            if rule.folderUID != key[0] or rule.ruleGroup != key[1]:
                raise Refused(400, "rule belongs to another group")
            if rule.uid in elsewhere:
                raise Refused(409, "rule uid is used in another group")
            if rule.notification_settings and rule.notification_settings.receiver not in names:
                raise Refused(400, "invalid notification settings: receiver does not exist")
        rules = [
            rule.model_dump(by_alias=True, exclude_none=True)
            | {"id": next(self._ids), "updated": "2020-04-01T00:00:00Z", "provenance": "api", "orgID": 1}
            for rule in body.rules
        ]
        for query in (query for rule in rules for query in rule["data"]):
            query["model"] |= {"intervalMs": 1000, "maxDataPoints": 43200}  # what Grafana adds by itself
        self.state.groups[key] = body.model_dump(exclude={"rules"}) | {"rules": rules}
        return self.state.groups[key]

    # annotations

    def find_annotations(self, request: Request, raw: bytes) -> Any:
        asked = _asked(request, "tags", "limit", "type", "from", "to", "matchAny")
        tags = set(request.query_params.getlist("tags"))
        found = [each for each in self.state.annotations.values() if tags <= set(each["tags"])]
        return found[: int(asked.get("limit", "100"))]

    def add_annotation(self, request: Request, raw: bytes) -> Any:
        number = next(self._ids)
        self.state.annotations[number] = {"id": number, **_read(Annotation, raw).model_dump(exclude_none=True)}
        return {"message": "Annotation added", "id": number}

    def put_annotation(self, request: Request, raw: bytes) -> Any:
        number = request.path_params["id"]
        _known(self.state.annotations, number, "Could not find annotation to update")
        self.state.annotations[number] = {"id": number, **_read(Annotation, raw).model_dump(exclude_none=True)}
        return {"message": "Annotation updated"}

    def drop_annotation(self, request: Request, raw: bytes) -> Any:
        _known(self.state.annotations, request.path_params["id"], "Annotation not found")
        del self.state.annotations[request.path_params["id"]]
        return {"message": "Annotation deleted"}


def _known(those: Any, key: Any, message: str) -> Any:
    if key not in those:
        raise Refused(404, message)
    return those[key]


def _read(kind: type[B], raw: bytes) -> B:
    try:
        return check(kind, raw)
    except ValueError as error:
        raise Refused(400, f"bad request data: {error}"[:300]) from None


def _asked(request: Request, *documented: str) -> dict[str, str]:
    beyond = set(request.query_params) - set(documented)
    if beyond:
        raise Refused(400, f"unknown parameters {sorted(beyond)}")
    return dict(request.query_params)


@dataclass
class Running:
    """A Grafana that answers at `url`; `stand_in` None: a real one."""

    url: str
    token: str
    stand_in: StandIn | None = None


@contextmanager
def running_grafana() -> Iterator[Running]:
    """Give the Grafana that GRAFANA_URL names, or a stand-in."""
    if url := os.environ.get("GRAFANA_URL"):
        yield Running(url, os.environ["GRAFANA_TOKEN"])
        return
    stand_in = StandIn()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(stand_in.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", "glsa_admin", stand_in)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
