"""What a screen reader is told of a page: Chromium's own accessibility tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page


@dataclass
class Told:
    """One thing that is told: what it is, its name, its properties (level, expanded, live ...), and what is in it."""

    role: str
    name: str
    description: str
    properties: dict[str, Any]
    inside: list[Told] = field(default_factory=list)

    def all(self, role: str = "", name: str = "") -> list[Told]:
        """Give what is in it of a role, with a part of a name, in the order in which it is told."""
        return [each for each in self._walk() if role in ("", each.role) and name in each.name]

    def one(self, role: str, name: str = "") -> Told:
        """Give the only one."""
        found = self.all(role, name)
        assert len(found) == 1, f"{len(found)} of {role} {name!r}: {[each.name for each in found]}"
        return found[0]

    @property
    def text(self) -> str:
        """All that is read of it, in one line."""
        return " ".join(" ".join(each.name for each in self.all("StaticText")).split())

    def _walk(self) -> Iterator[Told]:
        for each in self.inside:
            yield each
            yield from each._walk()


def told(page: Page) -> Told:
    """Give all that a screen reader finds on a page now."""
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
    session.detach()

    def build(node: dict[str, Any]) -> list[Told]:
        inside = [each for child in node.get("childIds", ()) if child in nodes for each in build(nodes[child])]
        if node["ignored"]:
            return inside
        role, name, description = (node.get(key, {}).get("value", "") for key in ("role", "name", "description"))
        properties = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
        return [Told(role, name, description, properties, inside)]

    (root,) = build(next(node for node in nodes.values() if "parentId" not in node))
    return root
