"""Answers: a page of items as JSON or CSV, with its links, its ETag, and as of when it stands."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request

from events.times import format_instant
from services.api_rules import Reply, encode
from services.web.api.asking import FORMS, Asked

__all__ = ["Listing", "document", "page_of"]

Item = Sequence[Any]

_CSV: Final = f"{FORMS['csv']}; charset=utf-8; header=present".encode()
_VARY: Final = (b"vary", b"Accept, Cookie, Authorization")


class Listing:
    """Items to give a page of: the names of their members, how many there are, and a part of them."""

    def __init__(self, fields: Sequence[str], total: int, part: Callable[[int, int], Iterable[Item]]) -> None:
        """`part(begin, end)` gives the items from `begin` up to `end`, each with a value for every name."""
        self.fields, self.total, self.part = tuple(fields), total, part

    @classmethod
    def of(cls, fields: Sequence[str], items: Sequence[Item]) -> Listing:
        """Make one of items that are all there."""
        return cls(fields, len(items), lambda begin, end: items[begin:end])


def page_of(
    request: Request,
    asked: Asked,
    listing: Listing,
    *,
    as_of: int,
    position: int | None,
    public_as_of: int | None = None,
) -> Reply:
    """Answer with the page asked for; 304 when whoever asks has it. Instants in microseconds.

    `position`: None for who is not told how many events there are.
    """
    begin = (asked.page - 1) * asked.page_size
    links = _links(request.url.path, asked, listing.total)
    items = listing.part(begin, begin + asked.page_size)
    told = format_instant(as_of), None if public_as_of is None else format_instant(public_as_of)
    headers = [
        (b"link", ", ".join(f'<{to}>; rel="{rel}"' for rel, to in links.items() if rel != "self").encode("ascii")),
        (b"kib-as-of", told[0].encode("ascii")),
        (b"kib-total", b"%d" % listing.total),
    ]
    if position is not None:
        headers.append((b"kib-position", b"%d" % position))
    if told[1] is not None:
        headers.append((b"kib-public-as-of", told[1].encode("ascii")))
    if asked.form == "csv":
        name = request.url.path.rpartition("/")[2]
        headers.append((b"content-disposition", f'attachment; filename="{name}.csv"'.encode("ascii")))
        return document(request, _written(listing.fields, items), _CSV, headers)
    content = {
        "asOf": told[0],
        "publicAsOf": told[1],
        "position": position,
        "page": asked.page,
        "pageSize": asked.page_size,
        "total": listing.total,
        "items": [dict(zip(listing.fields, item, strict=True)) for item in items],
        "links": links,
    }
    return document(request, encode(content), FORMS["json"].encode(), headers)


def document(request: Request, body: bytes, content_type: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Reply:
    """Answer with a document and its ETag; without the document when whoever asks has it (`If-None-Match`)."""
    told = b"\n".join(value for _, value in headers)
    # Compressed, the bytes are others, so a strong ETag has to be another too.
    coding = b"gzip" if "gzip" in request.headers.get("accept-encoding", "") else b""
    tag = hashlib.blake2b(b"\0".join((coding, content_type, told, body)), digest_size=16).hexdigest()
    etag = f'"{tag}"'
    known = ",".join(request.headers.getlist("if-none-match")).split(",")
    common = (*headers, (b"etag", etag.encode("ascii")), _VARY)
    if any(each.strip().removeprefix("W/") in (etag, "*") for each in known):
        return Reply(304, b"", content_type, common)
    return Reply(200, body, content_type, common)


def _links(path: str, asked: Asked, total: int) -> dict[str, str]:
    """Link to the pages around; `prev` of a page beyond the last one is the last one."""
    last = max(1, -(-total // asked.page_size))

    def at(page: int) -> str:
        return f"{path}?{urlencode([*asked.pairs, ('page', str(page))])}"

    links = {"self": at(asked.page), "first": at(1), "last": at(last)}
    if asked.page > 1:
        links["prev"] = at(min(asked.page - 1, last))
    if asked.page < last:
        links["next"] = at(asked.page + 1)
    return links


def _written(fields: Sequence[str], items: Iterable[Item]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([_plain(value) for value in item] for item in items)
    return text.getvalue().encode("utf-8")


def _plain(value: Any) -> Any:
    """Write a value as it stands in a cell: nothing for null, a list with spaces."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, (list, tuple)) else value
