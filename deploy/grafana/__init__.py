"""Dashboards, alerts and closures on an organisation's own Grafana, as code, over its HTTP API or as files."""

from deploy.grafana.area import area_sql
from deploy.grafana.closures import ClosureNote, Written, annotate
from deploy.grafana.connection import GrafanaRefusedError
from deploy.grafana.files import PROVISIONING, provisioning, write_provisioning
from deploy.grafana.publishing import Change, publish
from deploy.grafana.removing import remove
from deploy.grafana.wanted import Choices, Wanted, wanted

__all__ = [
    "PROVISIONING",
    "Change",
    "Choices",
    "ClosureNote",
    "GrafanaRefusedError",
    "Wanted",
    "Written",
    "annotate",
    "area_sql",
    "provisioning",
    "publish",
    "remove",
    "wanted",
    "write_provisioning",
]
