"""Taking away from a Grafana what a publication put there, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from deploy.grafana.connection import grafana, or_none, team_named
from deploy.grafana.names import MARK
from deploy.grafana.publishing import Change
from deploy.grafana.wanted import Wanted

__all__ = ["remove"]


def remove(url: str, token: str, want: Wanted, *, dry_run: bool = False) -> list[Change]:
    """Remove what is ours and say what that was; with ``dry_run`` only say it. Raises GrafanaRefusedError.

    A folder in which somebody else has put something stays, and so does a team that we did not make.
    """
    with grafana(url, token) as api:
        done = []
        for change, write in _removals(api, want):
            if not dry_run:
                write()
            done.append(change)
        return done


def _removals(api: Any, want: Wanted) -> Iterator[tuple[Change, Callable[[], Any]]]:
    provisioning, folder = api.alertingprovisioning, want.folder
    ours = {rule["uid"] for group in want.groups for rule in group["rules"]}
    theirs = False
    for rule in provisioning.get_alertrules_all():
        if rule["uid"] in ours:
            uid = rule["uid"]
            yield Change("remove", "alert rule", rule["title"]), partial(provisioning.delete_alertrule, uid)
        theirs = theirs or (rule["folderUID"] == folder["uid"] and rule["uid"] not in ours)
    contact = want.names.uid("contact")
    for point in provisioning.get_contactpoints(want.names.receiver):
        if point["uid"] == contact:
            yield Change("remove", "contact point", point["name"]), partial(provisioning.delete_contactpoint, contact)
    for dashboard in want.dashboards:
        uid = dashboard["uid"]
        if or_none(api.dashboard.get_dashboard, uid) is not None:
            yield Change("remove", "dashboard", dashboard["title"]), partial(api.dashboard.delete_dashboard, uid)
    for source in want.sources:
        uid = source["uid"]
        if or_none(api.datasource.get_datasource_by_uid, uid) is not None:
            yield (
                Change("remove", "data source", source["name"]),
                partial(api.datasource.delete_datasource_by_uid, uid),
            )
    if or_none(api.folder.get_folder, folder["uid"]) is not None:
        inside = api.client.GET("/search", params={"folderUIDs": folder["uid"], "limit": 1000})
        if theirs or {each["uid"] for each in inside} - {dashboard["uid"] for dashboard in want.dashboards}:
            yield Change("keep", "folder", folder["title"], ["somebody else has something in it"]), lambda: None
        else:
            yield Change("remove", "folder", folder["title"]), partial(api.folder.delete_folder, folder["uid"])
    for name in want.teams:
        team = team_named(api, name)
        if team is not None and team.get("email") == MARK:
            yield Change("remove", "team", name), partial(api.teams.delete_team, team["id"])
