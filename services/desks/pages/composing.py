"""From what a person filled in to an event: the pupil's number becomes a pseudonym here, and goes no further."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from events import TYPE_PREFIX, Pseudonyms, Rejected, ensure_recordable, parse_event
from services.desks.pages.fields import HOUSEHOLD, PUPIL, Form
from services.desks.pages.values import holds_bsn, read_value

__all__ = ["Composer", "Given", "Problem", "problem_at"]

_LISTED: Final = UUID("3a7e4d0c-5a0e-5b54-9f0b-6c1a6f4f2d11")

Given = Mapping[str, str]
"""What was filled in, by the field's name. Several choices of one field stand with commas between."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field: a key of the texts; `field` empty: with the report as a whole. Never the value."""

    field: str
    key: str


class Composer:
    """Makes the events of one form for one source. `begun` (RFC 3339) is when the person opened the form."""

    def __init__(
        self, form: Form, desk: str, source: str, begun: str, token: UUID, pseudonyms: Pseudonyms | None, now: int
    ) -> None:
        self._form, self._desk, self._source = form, desk, source
        self._begun, self._token, self._now = begun, token, now
        self._pseudonyms = pseudonyms
        self._seen: dict[str, int] = {}

    def single(self, given: Given) -> tuple[bytes | None, list[Problem]]:
        """Make the event of a form: the same for the same form sent twice."""
        return self._make(given, lambda data: self._token)

    def row(self, number: int, given: Given) -> tuple[bytes | None, list[Problem]]:
        """Make the event of a row: the same for the same row of a list given again, where it says when it happened."""

        def id_of(data: Mapping[str, Any]) -> UUID:
            if not self._form.dated:
                return uuid5(self._token, str(number))
            content = json.dumps([self._source, self._form.kind, data], sort_keys=True)
            self._seen[content] = copy = self._seen.get(content, 0) + 1
            return uuid5(_LISTED, f"{content}\n{copy}")

        return self._make(given, id_of)

    def _make(self, given: Given, id_of: Callable[[Mapping[str, Any]], UUID]) -> tuple[bytes | None, list[Problem]]:
        problems: list[Problem] = []
        data: dict[str, Any] = {} if self._form.dated else {"occurredAt": self._begun}
        if self._form.desk_member:
            data[self._form.desk_member] = self._desk
        if self._form.about_pupil:
            try:
                data["pupil"] = self._pupil(given)
            except Rejected as error:
                problems.append(Problem(error.field, f"problem_{error.rule if error.rule in _OWN else error.field}"))
        if self._form.of_household:
            try:
                data |= self._household(given)
            except Rejected as error:
                problems.append(Problem(error.field, f"problem_{error.rule if error.rule in _OWN else error.field}"))
        for field in self._form.fields:
            text = given.get(field.name, "").strip()
            if not text:
                if field.required:
                    problems.append(Problem(field.name, "problem_required"))
                continue
            if field.look in ("text", "code") and field.name not in _NAMES and holds_bsn(text):
                problems.append(Problem(field.name, "problem_number"))
                continue
            value = read_value(field, text)
            if value is None:
                problems.append(Problem(field.name, f"problem_{field.name}"))
            else:
                outer, _, inner = field.member.partition(".")
                if inner:
                    data.setdefault(outer, {})[inner] = value
                else:
                    data[outer] = value
        if "retracts" in data:
            data["retracts"].setdefault("source", self._source)
        if problems:
            return None, problems
        event = {
            "specversion": "1.0",
            "id": str(id_of(data)),
            "source": self._source,
            "type": f"{TYPE_PREFIX}{self._form.kind}",
            "data": data,
        }
        raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        try:
            ensure_recordable(parse_event(raw), self._now)
        except Rejected as error:
            return None, [problem_at(self._form, error.field, error.rule)]
        return raw, []

    def _pupil(self, given: Given) -> str:
        citizen, local, issuer = (given.get(field.name, "").strip() for field in PUPIL)
        if citizen and local:
            raise Rejected("bsn", _OWN[0])
        if self._pseudonyms is None:
            raise Rejected("bsn", _OWN[1])
        if local:
            if holds_bsn(issuer):
                raise Rejected("issuer", _OWN[3])
            return self._pseudonyms.of_local(local, issuer, "local_number", "issuer")
        if not citizen:
            raise Rejected("bsn", _OWN[2])
        return self._pseudonyms.of_bsn(citizen, "bsn")

    def _household(self, given: Given) -> dict[str, str]:
        number, issuer = (given.get(field.name, "").strip() for field in HOUSEHOLD)
        if self._pseudonyms is None or not (number or issuer):
            return {}
        if not number:
            raise Rejected("household", _OWN[2])
        if holds_bsn(issuer):
            raise Rejected("household_issuer", _OWN[3])
        return {"household": self._pseudonyms.of_household(number, issuer, "household", "household_issuer")}


_NAMES: Final = ("reference", "reporter")
"""Fields with what a report is called, where digits say nothing: the contract judges them."""
_OWN: Final = ("one_number", "no_key", "required", "number")
"""What can be wrong with the pupil's fields beside the numbers themselves, as the texts name it."""


def problem_at(form: Form, path: str | None, rule: str | None) -> Problem:
    """Give what is wrong in the words of the page, from the contract's field and rule."""
    step = re.split(r"\[", (path or "").removeprefix("data."), maxsplit=1)[0]
    if step == "id":
        return Problem("", "problem_conflict")
    for field in form.columns:
        if field.member == step:
            later = rule is not None and "later than" in rule
            return Problem(field.name, "problem_future" if later else f"problem_{field.name}")
    if step == "occurredAt":
        return Problem("", "problem_future")
    return Problem("", "problem_source" if step == "source" else "problem_other")
