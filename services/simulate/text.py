"""Rows of numbers as lines of JSON, by templates: many times as fast as writing each event out of a model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events.envelope import KINDS, TYPE_PREFIX
from projections.register import ClosureDecision
from projections.tables import SECTORS
from services.simulate.assumptions import LENDERS
from services.simulate.calendar import WEEKS, week_text
from services.simulate.fields import Bytes, Names, texts, write_local, write_utc
from services.simulate.nation import Nation
from services.simulate.records import Records
from services.simulate.vocabulary import DEVICES, OUTCOMES, REASONS, VIA, VISITORS

__all__ = ["Writer"]

_RETRACTED_WHY: Final = ("", "wrong-pupil", "entered-twice")
_SCHOOL_NAMES: Final = {"po": "Basisschool", "so": "School voor (v)so", "vo": "School voor vo", "mbo": "Mbo-vestiging"}
_WITH_PUPIL: Final = {"contact-lost", "contact-restored", "device-lent", "door-visit", "residence-established"}

Rest = tuple[bytes, list[list[Any]]]


def _head(with_pupil: bool) -> tuple[Bytes, dict[str, slice]]:
    """Lay out the part of a line whose width is fixed, and where its fields stand."""
    fields = [("id", 36), ("time", 25), ("recordedtime", 27), ("occurredAt", 25)] + [("pupil", 22)] * with_pupil
    text, places = "", {}
    for name, width in fields:
        text += ('"data":{' if name == "occurredAt" else "") + f'"{name}":"'
        places[name] = slice(len(text), len(text) + width)
        text += "." * width + '",'
    return np.frombuffer(text.rstrip(",").encode(), dtype=np.uint8), places


_HEADS: Final = {with_pupil: _head(with_pupil) for with_pupil in (False, True)}


def _objects(entries: Iterable[str]) -> NDArray[Any]:
    encoded = [entry.encode() for entry in entries]
    table = np.empty(len(encoded), dtype=object)
    table[:] = encoded
    return table


def _member(name: str, words: tuple[str, ...]) -> NDArray[Any]:
    """Give `,"name":"word"` for each word, and nothing for no word."""
    return _objects(f',"{name}":{json.dumps(word)}' if word else "" for word in words)


class Writer:
    """Writes records as the lines of the wire format."""

    def __init__(self, nation: Nation, decisions: tuple[ClosureDecision, ...], seed: int) -> None:
        self._names = Names(seed)
        self._sources = _objects(nation.source_names())
        schools = list(zip(nation.codes, (SECTORS[s] for s in nation.sector), nation.place.tolist(), strict=True))
        self._schools = _objects(f'"school":"{code}","sector":"{sector}"' for code, sector, _ in schools)
        self._school_names = _objects(
            json.dumps(f"{_SCHOOL_NAMES[sector]} {code} te {nation.places[p].name} (gesimuleerd)", ensure_ascii=False)
            for code, sector, p in schools
        )
        # The last entry is found by -1: no municipality stated.
        self._places = _objects([*(f'"{place.code}"' for place in nation.places), "null"])
        self._decisions = _objects(map(_decision, decisions))
        self._weeks = _objects(map(week_text, range(WEEKS)))
        self._sectors, self._via, self._devices, self._outcomes, self._visitors = map(
            _objects, (SECTORS, VIA, DEVICES, OUTCOMES, VISITORS)
        )
        self._reasons = _member("reason", REASONS)
        self._retracted_why = _member("reason", _RETRACTED_WHY)
        self._lenders = _member("lender", ("", *(lender.name for lender in LENDERS)))

    def lines(self, rows: Records) -> list[bytes]:
        """Write one line (without its end) per row, in the same order."""
        out = np.empty(len(rows), dtype=object)
        for code in np.unique(rows["kind"]).tolist():
            kind = KINDS[code]
            chosen = np.flatnonzero(rows["kind"] == code)
            some = rows[chosen]
            template, columns = self._rest(kind, some)
            start = f'{{"specversion":"1.0","type":"{TYPE_PREFIX}{kind}","source":"%b",%b'
            line = start.encode() + template + b"}}"
            columns = [self._sources[some["source"]].tolist(), self._heads(some, kind in _WITH_PUPIL), *columns]
            out[chosen] = [line % values for values in zip(*columns, strict=True)]
        lines: list[bytes] = out.tolist()
        return lines

    def _rest(self, kind: str, rows: Records) -> Rest:
        """Give what follows the fixed part: a template and its columns."""
        if kind in _WITH_PUPIL:
            return self._about_pupils(kind, rows)
        if kind == "closure-announced":
            return b",%b", [self._decisions[rows["amount"]].tolist()]
        if kind == "report-retracted":
            sources, why = self._sources[rows["amount"]].tolist(), self._retracted_why[rows["choice"]].tolist()
            return b',"retracts":{"source":"%b","id":"%b"}%b', [sources, texts(self._names.ids(rows["who"])), why]
        schools, amounts = self._schools[rows["school"]].tolist(), rows["amount"].tolist()
        if kind == "school-registered":
            places, names = self._places[rows["place"]].tolist(), self._school_names[rows["school"]].tolist()
            template = b',%b,"municipality":%b,"from":"2010-08-01","until":null,"name":%b,"pupils":%d'
            return template, [schools, places, names, amounts]
        weeks = self._weeks[rows["week"]].tolist()
        if kind == "week-reported":
            return b',%b,"week":"%b","unreached":%d', [schools, weeks, amounts]
        return b',%b,"week":"%b"', [schools, weeks]

    def _about_pupils(self, kind: str, rows: Records) -> Rest:
        choice, places = rows["choice"], self._places[rows["place"]].tolist()
        if kind == "contact-lost":
            stated = zip(texts(self._names.households(rows["household"])), rows["household"].tolist(), strict=True)
            households = [b',"household":"%b"' % name if number else b"" for name, number in stated]
            schools = self._schools[rows["school"]].tolist()
            return b',%b,"municipality":%b%b%b', [schools, places, households, self._reasons[choice].tolist()]
        if kind == "contact-restored":
            return b',"via":"%b"', [self._via[choice].tolist()]
        if kind == "residence-established":
            return b',"municipality":%b', [places]
        sectors = self._sectors[rows["sector"]].tolist()
        if kind == "device-lent":
            lenders = self._lenders[rows["extra"]].tolist()
            return b',"sector":"%b","device":"%b"%b', [sectors, self._devices[choice].tolist(), lenders]
        visitors = self._visitors[rows["extra"]].tolist()
        return b',"sector":"%b","outcome":"%b","visitor":"%b"', [sectors, self._outcomes[choice].tolist(), visitors]

    def _heads(self, rows: Records, with_pupil: bool) -> list[bytes]:
        layout, at = _HEADS[with_pupil]
        text = np.tile(layout, (len(rows), 1))
        text[:, at["id"]] = self._names.ids(rows["number"])
        write_local(text[:, at["time"]], rows["logged"])
        write_local(text[:, at["occurredAt"]], rows["occurred"])
        write_utc(text[:, at["recordedtime"]], rows["recorded"])
        if with_pupil:
            text[:, at["pupil"]] = self._names.pupils(rows["who"])
        return texts(text)


def _decision(decision: ClosureDecision) -> str:
    body = {
        "closure": decision.closure,
        "sectors": decision.sectors,
        "from": decision.starts.isoformat(),
        "until": decision.until.isoformat() if decision.until else None,
        "municipalities": None,
        "regime": decision.regime,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))[1:-1]
