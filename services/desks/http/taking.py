"""`POST /v1/events`: reports come in, and each is answered."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final
from urllib.parse import quote

from services.api_rules import Problem, Reply, encode
from services.desks.answers import Answer, Fate
from services.desks.desk import Desk
from services.desks.http.binding import MEDIA_TYPES, Mode, from_batch, from_binary, mode_of
from services.desks.http.call import Call
from services.desks.http.limits import Limits, Meter

__all__ = ["Taking", "reply_to"]

_ACCEPTED: Final = {"fate": Fate.ACCEPTED.value}
_KNOWN: Final = {"fate": Fate.KNOWN.value}
_STANDS: Final = {Fate.ACCEPTED: (201, encode(_ACCEPTED)), Fate.KNOWN: (200, encode(_KNOWN))}
_REFUSED: Final = {
    Fate.REJECTED: (400, "The event breaks a rule of the contract."),
    Fate.FORBIDDEN: (403, "The event is not this sender's to report, or not to this desk."),
    Fate.CONFLICT: (409, "Another content was accepted before under the same source and id: the first stands."),
}


class Taking:
    """Takes reports in for a desk."""

    def __init__(self, desk: Desk, limits: Limits, meter: Meter) -> None:
        self._desk = desk
        self._limits = limits
        self._meter = meter

    async def __call__(self, call: Call) -> Reply:
        """Answer a request with one report or a batch. Raises a Problem and the desk's DeskUnavailable."""
        mode = mode_of(call.headers.get(b"content-type", b""))
        if mode is None:
            raise Problem(
                415,
                f"An event must be one of {MEDIA_TYPES}, in UTF-8.",
                headers=((b"accept-post", MEDIA_TYPES.encode()),),
            )
        if mode is Mode.BATCHED:
            return await self._batch(call)
        body = await call.body(self._limits.single_bytes)
        raw = body if mode is Mode.STRUCTURED else from_binary(call.scope["headers"], body)
        self._meter.pay(call.payer, 1)
        return reply_to((await self._desk.accept([raw], sources=call.sources))[0])

    async def _batch(self, call: Call) -> Reply:
        raws = from_batch(await call.body(self._limits.body_bytes))
        if len(raws) > self._limits.batch:
            raise Problem(
                413,
                f"The batch has more than {self._limits.batch} events.",
                kind="too-large",
                mostEvents=self._limits.batch,
            )
        self._meter.pay(call.payer, len(raws))
        answers = await self._desk.accept(raws, sources=call.sources) if raws else []
        counts = Counter(answer.fate for answer in answers)
        content: dict[str, Any] = {fate.value: counts[fate] for fate in Fate}
        content["answers"] = [_one_of_batch(answer) for answer in answers]
        return Reply(200, encode(content))


def reply_to(answer: Answer) -> Reply:
    """Answer a single report. What stands has an address, at which it can be read back."""
    stands = _STANDS.get(answer.fate)
    if stands is not None:
        place = f"/v1/events/{quote(answer.source or '', safe='')}/{quote(answer.id or '', safe='')}"
        return Reply(stands[0], stands[1], headers=((b"location", place.encode("ascii")),))
    status, detail = _REFUSED[answer.fate]
    broken = {"in": "body", "field": answer.field, "rule": answer.rule}
    fate = answer.fate.value
    return Problem(status, detail, kind=fate, fate=fate, errors=[broken]).reply()


def _one_of_batch(answer: Answer) -> dict[str, Any]:
    if answer.fate is Fate.ACCEPTED:
        return _ACCEPTED
    if answer.fate is Fate.KNOWN:
        return _KNOWN
    return {"fate": answer.fate.value, "field": answer.field, "rule": answer.rule}
