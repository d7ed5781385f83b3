"""The addresses of the open data. They read the published tables and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from projections.public import PublicStore
from services.api_rules import Problem, broken, method_unknown, read_query
from services.web.open_data.catalogue import catalogue
from services.web.open_data.definition import COLUMNS, DESCRIPTION, PATH, TITLE
from services.web.open_data.files import KINDS, File, file_of, json_file

__all__ = ["PATH", "create_routes"]

VERSION: Final = "1.0.0"
_JSON_LD: Final = "application/ld+json"
_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_REFUSED: Final = ("POST", "PUT", "PATCH", "DELETE")
_FILES_KEPT: Final = 8
_NEWEST: Final = "public, max-age=300"
_FOR_GOOD: Final = "public, max-age=86400"


def create_routes(
    store: PublicStore,
    *,
    publisher: str | None = None,
    contact: str | None = None,
    simulated: bool = False,
    publisher_id: str | None = None,
) -> list[BaseRoute]:
    """Give the routes of `/v1/open-data`; every site may read them (CORS), which holds for no other address.

    `publisher`, its identifier and `contact` (an address of mail) are told in the metadata; `simulated` marks what
    never happened.
    """

    def describe(base: str) -> dict[str, Any]:
        return catalogue(base, store.days(), publisher, contact, simulated, publisher_id)

    data = OpenData(store, describe, simulated)
    names = {
        "": data.index,
        "/dates.json": data.dates,
        "/columns.json": data.columns,
        "/catalog.jsonld": data.catalogue,
        **{f"/{kind}.{form}": data.table(kind, form) for kind in KINDS for form in ("csv", "json")},
    }
    everyone = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=_METHODS,
        allow_headers=["If-None-Match"],
        expose_headers=["ETag", "API-Version"],
    )
    # The last one takes what is left, so that it is answered as everything here is.
    return [
        Route(PATH + name, _answering(answer), methods=(*_METHODS, *_REFUSED), middleware=[everyone])
        for name, answer in (names | {"/{rest:path}": data.nothing}).items()
    ]


Answer = tuple[File, str]
"""A file, and how long it may be kept."""


class OpenData:
    """What is answered, in a thread of its own each."""

    def __init__(self, store: PublicStore, describe: Callable[[str], dict[str, Any]], simulated: bool) -> None:
        """`describe` gives the metadata of the data under an address."""
        self._store, self._describe, self._simulated = store, describe, simulated
        self._file = lru_cache(_FILES_KEPT)(self._make)

    def index(self, request: Request) -> Answer:
        """Tell what there is."""
        read_query(request.scope["query_string"], ())
        here = _base(request)
        files = [f"{here}/{kind}.{form}" for kind in KINDS for form in ("csv", "json")]
        about = [f"{here}/{name}" for name in ("dates.json", "columns.json", "catalog.jsonld")]
        content = {"title": TITLE, "description": DESCRIPTION, "simulated": self._simulated}
        return json_file(content | {"files": files, "about": about}), _NEWEST

    def dates(self, request: Request) -> Answer:
        """Tell of which days there is a table."""
        read_query(request.scope["query_string"], ())
        return json_file({"dates": self._store.days()}), _NEWEST

    def columns(self, request: Request) -> Answer:
        """Tell what each column means."""
        read_query(request.scope["query_string"], ())
        tables = {kind: {name: COLUMNS[name] for name in names} for kind, names in KINDS.items()}
        return json_file({"description": DESCRIPTION, "tables": tables}), _NEWEST

    def catalogue(self, request: Request) -> Answer:
        """Give the metadata."""
        read_query(request.scope["query_string"], ())
        return json_file(self._describe(_base(request)), _JSON_LD), _NEWEST

    def nothing(self, request: Request) -> Answer:
        """Say that there is nothing at another address."""
        raise Problem(404, f"There is nothing at this address; {PATH} tells what there is.")

    def table(self, kind: str, form: str) -> Callable[[Request], Answer]:
        """Give what answers with the table of a day, the newest by default."""

        def answer(request: Request) -> Answer:
            given = read_query(request.scope["query_string"], ("date",))
            day = _day(given["date"][0]) if "date" in given else self._store.latest_day()
            if day is None:
                raise Problem(404, "No table has been published yet.")
            return self._file(kind, form, day), _FOR_GOOD if given else _NEWEST

        return answer

    def _make(self, kind: str, form: str, day: date) -> File:
        snapshot = self._store.snapshot(day)
        if snapshot is None:
            raise Problem(404, "Of this day there is no table; dates.json tells of which there are.")
        return file_of(kind, form, snapshot, self._simulated)


def _answering(answer: Callable[[Request], Answer]) -> Callable[[Request], Response]:
    """Make an endpoint, which runs beside the event loop."""

    def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(_METHODS)})
        try:
            if request.method in _REFUSED:
                raise method_unknown(_METHODS)
            file, kept = answer(request)
        except Problem as problem:
            return _refused(problem)
        headers = {"ETag": file.tag, "Cache-Control": kept, "Vary": "Accept-Encoding", "API-Version": VERSION}
        if _known(request.headers.get("if-none-match", ""), file.tag):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(file.body, media_type=file.media_type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(file.packed, media_type=file.media_type, headers=headers)

    return endpoint


def _refused(problem: Problem) -> Response:
    reply = problem.reply()
    headers = {name.decode(): value.decode() for name, value in reply.headers} | {"API-Version": VERSION}
    return Response(reply.body, reply.status, headers, reply.content_type.decode())


def _known(tags: str, tag: str) -> bool:
    """Tell whether one of the tags that the asker has is that of the file (compared weakly)."""
    return tags.strip() == "*" or tag.removeprefix("W/") in (
        each.strip().removeprefix("W/") for each in tags.split(",")
    )


def _day(text: str) -> date:
    try:
        if (day := date.fromisoformat(text)).isoformat() == text:
            return day
    except ValueError:
        pass
    raise broken("date", "must be a day, such as 2020-04-01")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{PATH}"
