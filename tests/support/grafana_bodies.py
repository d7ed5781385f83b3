# ruff: noqa: N815 - names of Grafana
"""The bodies that Grafana's documentation names, field by field: what is not in it is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Uid = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,40}$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


B = TypeVar("B", bound=Body)


def check(kind: type[B], raw: bytes) -> B:
    """Read a body. Raises ValueError, naming what is wrong."""
    return kind.model_validate_json(raw)


class FolderCreate(Body):
    uid: Uid
    title: Annotated[str, Field(min_length=1)]
    parentUid: str | None = None


class FolderUpdate(Body):
    title: str
    version: int | None = None
    overwrite: bool = False


class PermissionItem(Body):
    role: Literal["Viewer", "Editor"] | None = None
    teamId: int | None = None
    userId: int | None = None
    permission: Literal[1, 2, 4]


class Permissions(Body):
    items: list[PermissionItem]


class Team(Body):
    name: Annotated[str, Field(min_length=1)]
    email: str = ""
    orgId: int | None = None


class DataSource(Body):
    uid: Uid
    name: Annotated[str, Field(min_length=1)]
    type: Literal["grafana-postgresql-datasource", "prometheus"]
    access: Literal["proxy", "direct"]
    url: str
    user: str = ""
    database: str = ""
    isDefault: bool = False
    jsonData: dict[str, Any] = Field(default_factory=dict)
    secureJsonData: dict[str, str] | None = None
    version: int | None = None


class DashboardSave(Body):
    dashboard: dict[str, Any]
    folderUid: str = ""
    message: str = ""
    overwrite: bool = False


class ContactPoint(Body):
    uid: Uid
    name: Annotated[str, Field(min_length=1)]
    type: Literal["email"]
    settings: dict[str, Any]
    disableResolveMessage: bool = False

    @model_validator(mode="after")
    def _settings(self) -> ContactPoint:
        if not self.settings.get("addresses") or set(self.settings) - {
            "addresses",
            "singleEmail",
            "message",
            "subject",
        }:
            raise ValueError("invalid settings of an email receiver")
        return self


class NotificationSettings(Body):
    receiver: str
    group_by: list[str] | None = None
    group_wait: str | None = None
    group_interval: str | None = None
    repeat_interval: str | None = None
    mute_time_intervals: list[str] | None = None


class RelativeTimeRange(Body):
    from_: Annotated[int, Field(alias="from")]
    to: int


class Query(Body):
    refId: Annotated[str, Field(min_length=1)]
    datasourceUid: Annotated[str, Field(min_length=1)]
    queryType: str = ""
    relativeTimeRange: RelativeTimeRange
    model: dict[str, Any]


class Rule(Body):
    uid: Uid
    title: Annotated[str, Field(min_length=1, max_length=190)]
    condition: str
    data: Annotated[list[Query], Field(min_length=1)]
    execErrState: Literal["OK", "Alerting", "Error"]
    noDataState: Literal["OK", "Alerting", "NoData"]
    for_: Annotated[str, Field(alias="for", pattern=r"^(\d+[smhdwy])+$")]
    folderUID: str
    ruleGroup: str
    orgID: int
    isPaused: bool = False
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    notification_settings: NotificationSettings | None = None

    @model_validator(mode="after")
    def _condition(self) -> Rule:
        if self.condition not in [query.refId for query in self.data]:
            raise ValueError("condition is none of the queries")
        if any(query.model.get("refId") != query.refId for query in self.data):
            raise ValueError("refId of a query and its model differ")
        return self


class RuleGroup(Body):
    title: Annotated[str, Field(min_length=1)]
    folderUid: str
    interval: Annotated[int, Field(multiple_of=10, gt=0)]
    rules: list[Rule]

    @model_validator(mode="after")
    def _apart(self) -> RuleGroup:
        for what in ("uid", "title"):
            if len({getattr(rule, what) for rule in self.rules}) != len(self.rules):
                raise ValueError(f"two rules with the same {what}")
        return self


class Annotation(Body):
    time: int
    timeEnd: int | None = None
    text: Annotated[str, Field(min_length=1)]
    tags: list[str] = Field(default_factory=list)
    dashboardUID: str | None = None
    panelId: int | None = None
