"""The erasure of a whole system on its data directory, which does not run meanwhile: one call, proved before it stands.

Everything that holds a name is written anew beside the old, from one export: the ledger by importing it rewritten, with
all its recorded times, and the desks' stores fact by fact. Only when the proof holds the new takes the place of the
old, at once, and the old is overwritten. What is made of the ledger (live view, archive) the system makes anew itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from events import DESKS
from projections.archive.manifest import sha256_of
from services.erasure.desks import ensure_closed, keys_in, rewrite_desk
from services.erasure.destroying import beside
from services.erasure.ledger import bring_in, carry, digest_of, running, take_out
from services.erasure.naming import ErasureError, Key, Names, key_of, learn, lines_of
from services.erasure.proving import Proof, prove
from services.erasure.rewriting import rewrite, watched
from services.erasure.switching import begin, commit, finish_system, new_system, stores_of
from services.system import DataDir, SystemUnavailable

__all__ = ["Erased", "erase_system"]

_PIECE: Final = 1 << 24
Told = Callable[[str], None]


@dataclass(frozen=True)
class Erased:
    """What was proved. Nothing in it leads to a person."""

    proof: Proof
    facts_of_desks: int
    """Facts in the stores of desks that were written anew or left out."""
    events: int
    """Events of the new ledger, read back from it: line by line those that were proved."""
    files_searched: int | None
    """In how many files of the data directory the old names were looked for; None: they are too many for that."""
    files_left: tuple[str, ...]
    """Files in which one still stands: none, unless something else was put into the data directory."""

    @property
    def holds(self) -> bool:
        """Whether all of it is as it should be."""
        return self.proof.holds and not self.files_left

    def described(self) -> dict[str, Any]:
        """Give it for a file."""
        return {
            **self.proof.described(),
            "facts_of_desks": self.facts_of_desks,
            "events": self.events,
            "files_searched": self.files_searched,
            "files_left": list(self.files_left),
            "holds": self.holds,
        }


def erase_system(data_dir: DataDir, pupils: Set[str] | None, told: Told, *, do: bool) -> Erased | None:
    """Erase these pupils (None: all) from everything in a data directory; without `do` only tell what would be done.

    `told` hears of each step. Raises SystemUnavailable when a system runs on it or it cannot be used, ErasureError when
    something there stands in the way; the old stands then as it did.
    """
    data_dir.lock(erasing=True)
    try:
        if finish_system(data_dir):
            told("what an erasure that was ended half-way had left is done or destroyed")
        if not (data_dir.nats / "store").exists():
            raise SystemUnavailable(f"{data_dir} has no ledger of its own: see docs/erasure.md for one elsewhere")
        if data_dir.postgres.exists():
            raise SystemUnavailable(f"{data_dir} keeps tables in PostgreSQL: see docs/erasure.md for that")
        work = begin(data_dir)
        try:
            return _erase(data_dir, work, pupils, told, do)
        finally:
            finish_system(data_dir)
    finally:
        data_dir.unlock()


def _erase(data_dir: DataDir, work: Path, pupils: Set[str] | None, told: Told, do: bool) -> Erased | None:
    file, temporary = work / "ledger.ndjson", work / "tmp"
    stores = stores_of(data_dir, DESKS)
    for desk, store in stores.items():
        ensure_closed(desk, store)
    with running(data_dir.nats) as record:
        if stores:
            carry(record, stores)
            told(f"the ledger has what {len(stores)} desks accepted")
        told(f"took out {take_out(record, file, temporary)} events")
    names = learn(file, pupils)
    _ensure_all_there(file, stores)
    told(f"to be erased: {names.counted}")
    if not do:
        return None
    new = beside(file)
    temporary.mkdir(exist_ok=True, mode=0o700)
    proof = prove(file, new, names, rewrite(file, new, names), temporary)
    told(f"tables as of {proof.instants} instants: {'the same' if proof.holds else 'NOT the same'}")
    if not proof.holds:
        return Erased(proof, 0, 0, None, ())
    events = _write_ledger(data_dir, new, temporary, told)
    facts = _write_desks(data_dir, stores, names, everyone=pupils is None)
    told(f"wrote {len(stores)} desks anew: {facts} facts changed or left out")
    commit(data_dir)
    searched, left = _search(data_dir, names)
    told("the old is overwritten and gone")
    return Erased(proof, facts, events, searched, left)


def _ensure_all_there(file: Path, stores: dict[str, Path]) -> None:
    """Raise ErasureError when a desk accepted something that is not in the ledger: it would be lost."""
    missing: set[Key] = set()
    for store in stores.values():
        keys_in(store, missing.add)
    if missing:
        for _, _, event in lines_of(file):
            missing.discard(key_of(event))
    if missing:
        raise ErasureError(f"{len(missing)} reports that desks accepted are not in the ledger: `kindinbeeld rejected`")


def _write_ledger(data_dir: DataDir, file: Path, temporary: Path, told: Told) -> int:
    new = new_system(data_dir)
    new.prepare()
    with running(new.nats) as record:
        events = bring_in(new, record, file)
        if digest_of(record, temporary) != sha256_of(file):
            raise ErasureError("the new ledger does not give back what was written to it")
    told(f"wrote a new ledger: {events} events, read back the same")
    return events


def _write_desks(data_dir: DataDir, stores: dict[str, Path], names: Names, *, everyone: bool) -> int:
    if not data_dir.desks.exists():
        return 0
    new = new_system(data_dir).desks
    new.mkdir(mode=0o700)
    facts = sum(
        rewrite_desk(desk, path, new / path.name, names, everyone=everyone) for desk, path in sorted(stores.items())
    )
    for path in data_dir.desks.iterdir():
        # The keys of senders and the like: nothing of a pupil.
        if path.is_file() and path.name.partition(".")[0] not in DESKS:
            shutil.copy2(path, new / path.name)
    return facts


def _search(data_dir: DataDir, names: Names) -> tuple[int | None, tuple[str, ...]]:
    few = watched(names)
    if few is None:
        return None, ()
    wanted = [name.encode() for name in few]
    longest = max(map(len, wanted), default=1)
    files = [
        path for path in sorted(data_dir.path.rglob("*")) if path.is_file() and data_dir.erasing not in path.parents
    ]
    left = [str(path.relative_to(data_dir.path)) for path in files if _holds(path, wanted, longest)]
    return len(files), tuple(left)


def _holds(path: Path, wanted: list[bytes], longest: int) -> bool:
    end = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            text = end + piece
            if any(name in text for name in wanted):
                return True
            end = text[-longest:]
    return False
