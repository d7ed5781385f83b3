"""The same for a Grafana that reads its provisioning from files: what is committed beside this module.

The files are JSON, which is YAML too, so that one writer makes them all. What an organisation chooses stands in them as
variables of Grafana's environment: `KIB_DATABASE_URL` (host and port), `KIB_DATABASE_NAME`, `KIB_DATABASE_USER`,
`KIB_DATABASE_PASSWORD`, `KIB_PROMETHEUS_URL` and `KIB_MAIL`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from deploy.grafana.wanted import Choices, wanted

__all__ = ["PROVISIONING", "provisioning", "write_provisioning"]

PROVISIONING: Final = Path(__file__).parent / "provisioning"
"""Where the files are committed: give it to Grafana as `GF_PATHS_PROVISIONING`."""


def provisioning() -> dict[str, str]:
    """Give the files, by their place in the directory."""
    want = wanted(Choices("postgresql://kindinbeeld_reader@localhost/kindinbeeld", "$KIB_PROMETHEUS_URL", "$KIB_MAIL"))
    counts, machine = want.sources
    counts = counts | {
        "url": "$KIB_DATABASE_URL",
        "user": "$KIB_DATABASE_USER",
        "jsonData": counts["jsonData"] | {"database": "$KIB_DATABASE_NAME", "sslmode": "$KIB_DATABASE_SSLMODE"},
        "secureJsonData": {"password": "$KIB_DATABASE_PASSWORD"},
    }
    title = want.folder["title"]
    provider = {
        "name": title,
        "folder": title,
        "folderUid": want.folder["uid"],
        "type": "file",
        "allowUiUpdates": False,
        "options": {"path": "$KIB_DASHBOARDS"},
    }
    groups = [
        {
            "orgId": 1,
            "name": group["title"],
            "folder": title,
            "interval": f"{group['interval']}s",
            "rules": [_rule(rule) for rule in group["rules"]],
        }
        for group in want.groups
    ]
    contact = want.contact or {}
    receiver = {key: contact[key] for key in ("uid", "type", "settings", "disableResolveMessage")}
    files: dict[str, Any] = {
        "datasources/kind-in-beeld.yaml": {"apiVersion": 1, "datasources": [counts, machine]},
        "dashboards/kind-in-beeld.yaml": {"apiVersion": 1, "providers": [provider]},
        "alerting/kind-in-beeld.yaml": {
            "apiVersion": 1,
            "groups": groups,
            "contactPoints": [{"orgId": 1, "name": contact["name"], "receivers": [receiver]}],
        },
        **{f"kind-in-beeld/{each['uid']}.json": each for each in want.dashboards},
    }
    return {name: json.dumps(content, indent=1, ensure_ascii=False) + "\n" for name, content in files.items()}


def write_provisioning(directory: Path) -> list[Path]:
    """Write the files and give their paths."""
    written = []
    for name, text in provisioning().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        written.append(path)
    return written


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as files have it: its group and folder stand around it, and a `$` of its own is doubled."""
    kept = {key: value for key, value in rule.items() if key not in ("folderUID", "orgID", "ruleGroup")}
    return {key: _escaped(value) for key, value in kept.items()}


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
