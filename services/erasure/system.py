"""The erasure of a whole system, which does not run meanwhile: one call, proved before it stands.

Everything that holds a name is written anew beside the old, from one export: the ledger by importing it rewritten, with
all its recorded times, and the desks' stores fact by fact. Only when the proof holds the new takes the place of the
old, at once, and the old is destroyed. What is made of the ledger (live view, archive) the system makes anew itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from events import DESKS
from projections.archive.manifest import sha256_of
from services.erasure.desks import Store, keys_in, rewrite_desk
from services.erasure.destroying import beside, destroy_tree
from services.erasure.ledger import bring_in, carry, desks_heard, digest_of, running, take_out
from services.erasure.naming import ErasureError, Key, Names, key_of, learn, lines_of
from services.erasure.outside import Held
from services.erasure.places import own_database, stores_of
from services.erasure.proving import Proof, prove
from services.erasure.rewriting import rewrite
from services.erasure.searching import Searched, search
from services.erasure.servers import Remade, ServersLedger, file_in, ledger_of
from services.erasure.switching import begin, commit, finish_system, new_system
from services.system import DataDir, Settings, SystemUnavailable
from services.system.retention import note_erased

__all__ = ["Erased", "erase_system"]

Told = Callable[[str], None]


@dataclass(frozen=True)
class Erased:
    """What was proved. Nothing in it leads to a person."""

    proof: Proof
    facts_of_desks: int = 0
    """Facts in the stores of desks that were written anew or left out."""
    events: int = 0
    """Events of the new ledger, read back from it: line by line those that were proved."""
    desks_elsewhere: tuple[str, ...] = ()
    """Desks of which the ledger has reports, and no store was found: what they still hold would come back."""
    searched: Searched = field(default_factory=Searched)

    @property
    def holds(self) -> bool:
        """Whether all of it is as it should be."""
        return self.proof.holds and not self.searched.files_left and not self.searched.tables_left

    def described(self) -> dict[str, Any]:
        """Give it for a file."""
        return {
            **self.proof.described(),
            "facts_of_desks": self.facts_of_desks,
            "events": self.events,
            "desks_elsewhere": list(self.desks_elsewhere),
            **asdict(self.searched),
            "holds": self.holds,
        }


@dataclass
class _Written:
    """What was found, proved and written anew."""

    proof: Proof
    names: Names
    desks_elsewhere: tuple[str, ...]
    facts: int = 0
    events: int = 0
    remade: Remade | None = None


def erase_system(
    data_dir: DataDir,
    settings: Settings,
    pupils: Set[str] | None,
    told: Told,
    *,
    elsewhere: Set[str] = frozenset(),
    do: bool,
) -> Erased | None:
    """Erase these pupils (None: all) from everything of a system; without `do` only tell what would be done.

    `told` hears of each step. `elsewhere`: desks whose stores somebody else sees to. Raises SystemUnavailable when a
    system runs on it or it cannot be used, ErasureError when something there stands in the way; the old stands then as
    it did.
    """
    data_dir.lock(erasing=True)
    try:
        if finish_system(data_dir, settings, told):
            told("what an erasure that was ended half-way had left is done or destroyed")
        servers = ledger_of(settings)
        if servers is None and not (data_dir.nats / "store").exists():
            raise SystemUnavailable(f"there is no ledger in {data_dir}; KINDINBEELD_NATS_URL names one elsewhere")
        work = begin(data_dir)
        try:
            with Held(settings) as held:
                with stores_of(data_dir, held) as stores:
                    written = _write(data_dir, servers, work, stores, pupils, elsewhere, told, do)
                if written is None:
                    return None
                if not written.proof.holds:
                    return Erased(written.proof, desks_elsewhere=written.desks_elsewhere)
                commit(data_dir, settings, held.elsewhere(written.remade), held, told)
        finally:
            finish_system(data_dir, settings, told)
        with own_database(data_dir) as own:
            databases = {own, settings.database, settings.database_of_desks} - {None}
            searched = search(data_dir, sorted(map(str, databases)), written.names)
        told("the old is gone")
        return Erased(written.proof, written.facts, written.events, written.desks_elsewhere, searched)
    finally:
        data_dir.unlock()


def _write(
    data_dir: DataDir,
    servers: ServersLedger | None,
    work: Path,
    stores: Sequence[Store],
    pupils: Set[str] | None,
    elsewhere: Set[str],
    told: Told,
    do: bool,
) -> _Written | None:
    """Write all of it anew beside the old. None: it is not to be done."""
    file, temporary = work / "ledger.ndjson", work / "tmp"
    for store in stores:
        store.ensure_closed()
    with running(data_dir.nats) if servers is None else servers.opened(told) as record:
        if stores:
            carry(record, stores)
            told(f"the ledger has what {len(stores)} desks accepted")
        if servers is not None:
            servers.note()
        told(f"took out {take_out(record, file, temporary)} events")
        away = tuple(sorted(desks_heard(record) - {store.desk for store in stores}))
    names = learn(file, pupils)
    _ensure_all_there(file, stores)
    told(f"to be erased: {names.counted}")
    if unseen := sorted(set(away) - elsewhere):
        why = f"the ledger has reports of {', '.join(unseen)}, whose stores are not here: from there the old names"
        why += " come back; with --elsewhere you say that these stores are destroyed before they are used again"
        if do:
            raise ErasureError(why)
        told(why)
    if not do:
        return None
    new = beside(file)
    temporary.mkdir(exist_ok=True, mode=0o700)
    written = _Written(prove(file, new, names, rewrite(file, new, names), temporary), names, away)
    told(f"tables as of {written.proof.instants} instants: {'the same' if written.proof.holds else 'NOT the same'}")
    if written.proof.holds:
        written.events = _write_ledger(data_dir, new, temporary, told)
        written.facts = _write_desks(data_dir, stores, names, everyone=pupils is None)
        if pupils is None:
            note_erased(new_system(data_dir))
        told(f"wrote {len(stores)} desks anew: {written.facts} facts changed or left out")
        if servers is not None:
            # What was read back of a ledger of its own beside is what the servers will be given.
            destroy_tree(new_system(data_dir).nats)
            new.rename(file_in(new_system(data_dir)))
            written.remade = servers.to(file_in(new_system(data_dir)))
    return written


def _ensure_all_there(file: Path, stores: Sequence[Store]) -> None:
    """Raise ErasureError when a desk accepted something that is not in the ledger: it would be lost."""
    missing: set[Key] = set()
    for store in stores:
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


def _write_desks(data_dir: DataDir, stores: Sequence[Store], names: Names, *, everyone: bool) -> int:
    new = new_system(data_dir).desks
    if data_dir.desks.exists():
        new.mkdir(mode=0o700)
        for path in data_dir.desks.iterdir():
            # The keys of senders and the like: nothing of a pupil.
            if path.is_file() and path.name.partition(".")[0] not in DESKS:
                shutil.copy2(path, new / path.name)
    return sum(rewrite_desk(store, names, everyone=everyone) for store in stores)
