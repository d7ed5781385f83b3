"""The pages of a desk: what is answered at each address. Only forms that are sent hold a number, never an address."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.desks.access import AccessUnavailable
from services.desks.answers import TOGETHER_RULE, Answer, Fate
from services.desks.pages.blanks import csv_template, excel_template
from services.desks.pages.composing import Composer, Problem, problem_at
from services.desks.pages.earlier import position_in, retraction_of
from services.desks.pages.fields import RETRACTION, Form, forms_of
from services.desks.pages.front import Front
from services.desks.pages.lists import ListError, Row, read_list
from services.desks.pages.rendering import RowAnswer
from services.web.texts import language_of

__all__ = ["Pages"]

_UPLOADS: Final = 2
"""Uploaded lists that are read at one time: each may take some tens of megabytes for a moment."""
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WRONG: Final = 400


class Pages:
    """The pages of one desk."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._forms = {form.kind: form for form in forms_of(front.desk.name)}
        self._uploads = asyncio.Semaphore(_UPLOADS)

    async def home(self, request: Request) -> Response:
        """Answer `/`: what can be reported here."""
        visitor = await self._front.visitor(request)
        if isinstance(visitor, Response):
            return visitor
        shown = self._front.shown(request, visitor, forms=tuple(self._forms.values()))
        return self._front.page(request, "home.html", replace(shown, notice="" if shown.source else "no_source"))

    async def report(self, request: Request) -> Response:
        """Answer `/report/<kind>`: the form, and what became of it when it was sent."""
        visitor, form = await self._front.visitor(request), self._forms.get(request.path_params["kind"])
        if isinstance(visitor, Response):
            return visitor
        if form is None or not self._front.sources(visitor):
            return RedirectResponse("/", 303)
        shown = self._front.shown(request, visitor, form=form, extra={"id": uuid4(), "again": False})
        if request.method != "POST":
            if form.kind == RETRACTION:
                place = position_in(request, "report")
                known = await retraction_of(self._front.desk, self._front.sources(visitor), place)
                shown = replace(shown, known=known, kept={"report": str(place)} if known else {})
            return self._front.page(request, "form.html", shown)
        submitted = await self._front.submitted(request, shown)
        if isinstance(submitted, Response):
            return submitted
        given = submitted.fields
        if "unreached" in [field.name for field in form.fields] and given.get("reached") == "all":
            given = {**given, "unreached": "0"}
        shown = replace(shown, given=given, extra={"id": given.get("id", ""), "again": True})
        raw, problems = self._front.composer(shown, visitor, given).single(given)
        if raw is None:
            return self._front.page(request, "form.html", replace(shown, problems=problems), _WRONG)
        answers = await self._front.accept([raw], visitor)
        if isinstance(answers, str):
            return self._front.page(request, "form.html", replace(shown, notice=answers), 503)
        if not answers[0].fate.stands:
            # A new reference: under this one something else may lie.
            again = replace(shown, problems=_refused(form, answers[0]), extra={"id": uuid4(), "again": True})
            return self._front.page(request, "form.html", again, _WRONG)
        extra = {
            "headline": "done" if answers[0].fate is Fate.ACCEPTED else "done_known",
            "reference": answers[0].id,
            "restored": form.kind == "door-visit" and given.get("outcome") == "contact",
        }
        return self._front.page(request, "done.html", replace(shown, extra=extra))

    async def upload(self, request: Request) -> Response:
        """Answer `/list/<kind>`: where a list is given, and the answer to each of its rows."""
        visitor, form = await self._front.visitor(request), self._forms.get(request.path_params["kind"])
        if isinstance(visitor, Response):
            return visitor
        if form is None or not form.listed or not self._front.sources(visitor):
            return RedirectResponse("/", 303)
        shown = self._front.shown(request, visitor, form=form, extra={"id": uuid4()})
        if request.method != "POST":
            return self._front.page(request, "list.html", shown)
        async with self._uploads:
            submitted = await self._front.submitted(request, shown)
            if isinstance(submitted, Response):
                return submitted
            composer = self._front.composer(shown, visitor, submitted.fields)
            try:
                # In a thread: the desk goes on answering others meanwhile.
                made = await asyncio.to_thread(_compose, submitted.file, form, composer)
            except ListError as error:
                wrong = replace(shown, notice=error.key, notice_places=error.places)
                return self._front.page(request, "list.html", wrong, _WRONG)
        raws = [raw for _, raw, _ in made if raw is not None]
        answers = await self._front.accept(raws, visitor) if len(raws) == len(made) else ()
        if isinstance(answers, str):
            # The same id, and the same moment: what may be stored already is known when the list is given again.
            given = {name: submitted.fields.get(name, "") for name in ("begun", "source")}
            again = replace(shown, notice=answers, given=given, extra={"id": submitted.fields.get("id", "")})
            return self._front.page(request, "list.html", again, 503)
        stands = bool(answers) and all(answer.fate.stands for answer in answers)
        rows = [
            _row_answer(form, row.number, answers[place] if answers else None, problems)
            for place, (row, _, problems) in enumerate(made)
        ]
        told = replace(shown, extra={"rows": rows, "stands": stands})
        return self._front.page(request, "answers.html", told, 200 if stands else _WRONG)

    async def template(self, request: Request) -> Response:
        """Answer `/list/<kind>/template.csv` and `.xlsx`: an empty list to fill in."""
        form, ending = self._forms.get(request.path_params["kind"]), request.path_params["ending"]
        if form is None or not form.listed or ending not in ("csv", "xlsx"):
            return RedirectResponse("/", 303)
        language = language_of(request.query_params, request.cookies.get("lang"))
        if ending == "csv":
            content, kind = csv_template(form, language), "text/csv; charset=utf-8"
        else:
            content, kind = await asyncio.to_thread(excel_template, form, language), _EXCEL
        disposition = f'attachment; filename="{form.kind}.{ending}"'
        return Response(content, media_type=kind, headers={"Content-Disposition": disposition})

    async def sign_in(self, request: Request) -> Response:
        """Answer `/sign-in`: the desk's key is asked for once."""
        try:
            if not self._front.sessions.required:
                return RedirectResponse("/", 303)
            shown = self._front.stranger(request)
            if request.method != "POST":
                return self._front.page(request, "sign_in.html", shown)
            submitted = await self._front.submitted(request, shown)
            if isinstance(submitted, Response):
                return submitted
            response = RedirectResponse("/", 303)
            if self._front.sessions.sign_in(submitted.fields.get("key", "").strip(), request, response):
                return response
            wrong = replace(shown, problems=[Problem("key", "problem_key")])
            return self._front.page(request, "sign_in.html", wrong, 403)
        except AccessUnavailable:
            return self._front.message(request, "unavailable", 503)

    async def sign_out(self, request: Request) -> Response:
        """Answer `/sign-out`: the session ends."""
        visitor = await self._front.visitor(request)
        if isinstance(visitor, Response):
            return visitor
        submitted = await self._front.submitted(request, self._front.shown(request, visitor))
        if isinstance(submitted, Response):
            return submitted
        response = RedirectResponse("/", 303)
        self._front.sessions.sign_out(request, response)
        return response


def _compose(file: bytes, form: Form, composer: Composer) -> list[tuple[Row, bytes | None, tuple[Problem, ...]]]:
    """Read a list and make the event of each row, or say what is wrong with it."""
    made: list[tuple[Row, bytes | None, tuple[Problem, ...]]] = []
    for row in read_list(file, form):
        raw, problems = (None, []) if row.problems else composer.row(row.number, row.given)
        made.append((row, raw, (*row.problems, *problems)))
    return made


def _row_answer(form: Form, number: int, answer: Answer | None, problems: tuple[Problem, ...]) -> RowAnswer:
    if problems:
        return RowAnswer(number, "answer_refused", problems=problems)
    if answer is None or answer.rule == TOGETHER_RULE:
        return RowAnswer(number, "answer_good")
    if answer.fate.stands:
        return RowAnswer(number, "answer_known" if answer.fate is Fate.KNOWN else "answer_accepted", answer.id)
    return RowAnswer(number, "answer_refused", problems=tuple(_refused(form, answer)))


def _refused(form: Form, answer: Answer) -> list[Problem]:
    return [problem_at(form, answer.field, answer.rule)]
