"""Addresses under `/v1`."""

from __future__ import annotations

import re

from starlette.routing import Route
from starlette.types import ASGIApp

__all__ = ["Everything"]


class Everything(Route):
    """A route whose `path` takes every character: by itself it stops at a line break, and another would answer."""

    def __init__(self, path: str, endpoint: ASGIApp) -> None:
        super().__init__(path, endpoint)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)
