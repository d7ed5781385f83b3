"""What the pages of a desk have in common: who asks, what was sent, what is handed to the desk, what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from events import Pseudonyms, Rejected, format_instant, parse_instant
from services.desks.access import AccessUnavailable
from services.desks.answers import Answer, DeskUnavailable
from services.desks.desk import Desk
from services.desks.pages.composing import Composer, Given
from services.desks.pages.fields import Form
from services.desks.pages.lists import MAX_FILE_BYTES
from services.desks.pages.receiving import Submitted, TooLargeError, receive
from services.desks.pages.rendering import Shown, render
from services.desks.pages.sessions import Sessions, Visitor
from services.desks.pages.texts import LANGUAGES
from services.web.texts import language_of

__all__ = ["Front"]

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_A_YEAR: Final = 365 * 24 * 60 * 60


class Front:
    """What stands between a request and a desk. `source`: the organisation to report for when no key says it."""

    def __init__(self, desk: Desk, sessions: Sessions, pseudonyms: Pseudonyms | None, source: str) -> None:
        self.desk, self.sessions = desk, sessions
        self._pseudonyms, self._source = pseudonyms, source

    async def visitor(self, request: Request) -> Visitor | Response:
        """Tell who asks, or answer at once: somebody has to sign in, or came by a name that is not this machine's."""
        try:
            visitor = self.sessions.visitor(request)
        except AccessUnavailable:
            return self.message(request, "unavailable", 503)
        if visitor is None:
            return RedirectResponse("/sign-in", 303)
        if visitor.sources is None and request.url.hostname not in LOOPBACK:
            # Another site may point a name of its own here, and would then read the pages as if they were its own.
            return self.message(request, "expired", 403)
        return visitor

    async def submitted(self, request: Request, shown: Shown) -> Submitted | Response:
        """Read what was sent, or answer at once: it was too much, or no form of ours."""
        try:
            submitted = await receive(request)
        except TooLargeError:
            if shown.form is not None and request.url.path.startswith("/list/"):
                large = replace(shown, notice="file_large", notice_places={"size": MAX_FILE_BYTES // 2**20})
                return self.page(request, "list.html", large, 413)
            return self.message(request, "too_large", 413)
        if not self.sessions.is_ours(request, submitted.fields.get("token", ""), shown.token):
            return self.message(request, "expired", 403)
        return submitted

    def composer(self, shown: Shown, visitor: Visitor, given: Given) -> Composer:
        """Give what makes events of a form that was sent: its id, the moment it was opened, whom it speaks for."""
        assert shown.form is not None  # noqa: S101 - only forms are composed
        try:
            token = UUID(given.get("id", ""))
        except ValueError:
            token = uuid4()
        begun = given.get("begun", "")
        try:
            parse_instant(begun)
        except Rejected:
            begun = format_instant(self.desk.now())
        return Composer(
            shown.form, self.desk.name, self.source_of(visitor, given), begun, token, self._pseudonyms, self.desk.now()
        )

    async def accept(self, raws: Sequence[bytes], visitor: Visitor) -> Sequence[Answer] | str:
        """Hand reports to the desk, all or none; what to say instead when it cannot keep them now."""
        try:
            return await self.desk.accept_together(raws, sources=visitor.sources)
        except DeskUnavailable as trouble:
            return "unsure" if trouble.unsure else "unavailable"

    def sources(self, visitor: Visitor) -> list[str]:
        """List whom a visitor may speak for, the desk's own organisation first."""
        if visitor.sources is None:
            return [self._source]
        return sorted(visitor.sources, key=lambda source: (source != self._source, source))

    def source_of(self, visitor: Visitor, given: Given) -> str:
        """Give for whom a form was sent: the one chosen, if the visitor may speak for it, else the first."""
        sources, chosen = self.sources(visitor), given.get("source", "")
        return chosen if chosen in sources else sources[0]

    def shown(
        self,
        request: Request,
        visitor: Visitor,
        form: Form | None = None,
        forms: Sequence[Form] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> Shown:
        """Give what every page shows to a visitor."""
        sources = self.sources(visitor)
        return replace(
            self.stranger(request),
            token=visitor.token,
            source=sources[0] if len(sources) == 1 else None,
            sources=sources,
            signed_in=visitor.signed_in,
            form=form,
            forms=forms,
            extra=extra or {},
        )

    def stranger(self, request: Request) -> Shown:
        """Give what every page shows to anybody."""
        return Shown(
            desk=self.desk.name,
            language=language_of(request.query_params, request.cookies.get("lang")),
            path=request.url.path,
            token=self.sessions.stranger_token(request),
            now=self.desk.now(),
            has_key=self._pseudonyms is not None,
        )

    def message(self, request: Request, key: str, status: int) -> Response:
        """Answer with one sentence."""
        return self.page(request, "message.html", replace(self.stranger(request), notice=key), status)

    def page(self, request: Request, template: str, shown: Shown, status: int = 200) -> Response:
        """Answer with a page."""
        response = HTMLResponse(render(template, shown), status)
        self.sessions.remember(request, response)
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie("lang", shown.language, max_age=_A_YEAR, httponly=True, samesite="lax")
        return response
