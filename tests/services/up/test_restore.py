"""A lost machine comes back from its backup, as docs/installing.md tells, to the same tables."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx

from services.simulate import simulate
from tests.support.reports import lost
from tests.support.whole import Whole, fetch, until, whole

EARLIER = "2020-04-10T12:00:00+02:00"
ALONE = ("up", "--port", "0", "--no-desks")


def tables(system: Whole) -> list[bytes]:
    """The table now, and as it was known earlier."""
    shown = [system.run("counts", "--format", "csv", *more) for more in ((), ("--as-of", EARLIER))]
    assert [each.returncode for each in shown] == [0, 0]
    assert shown[0].stdout != shown[1].stdout
    return [each.stdout for each in shown]


def published(data_dir: Path) -> list[tuple[object, ...]]:
    if not (data_dir / "public.sqlite").exists():
        return []
    # Nothing was published yet as long as there is no table.
    with closing(sqlite3.connect(data_dir / "public.sqlite")) as database, suppress(sqlite3.OperationalError):
        return database.execute("SELECT * FROM snapshot ORDER BY day").fetchall()
    return []


@contextmanager
def system_with_desk(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[tuple[Whole, str]]:
    """The system with one desk, that of schools, and where that answers; both end in order."""
    with whole(data_dir, *ALONE, settings=settings) as system:
        system.ready()
        with whole(data_dir, "desk", "school", "--port", "0", settings=settings) as desk:
            yield system, desk.ready()
        assert system.stop() == 0


def level(desk: str) -> None:
    """Wait until the desk has carried everything to the ledger."""
    until(lambda: fetch(f"{desk}health")["backlog"] == 0)


def given(desk: str, numbers: Iterable[int] = range(5)) -> set[str]:
    """Give the desk some reports, for a number always the same; say what became of them."""
    kind = {"content-type": "application/cloudevents-batch+json"}
    reports = b"[" + b",".join(map(lost, numbers)) + b"]"
    answers = httpx.post(f"{desk}v1/events", content=reports, headers=kind, timeout=60).json()["answers"]
    return {each["fate"] for each in answers}


def test_a_lost_machine_comes_back_to_the_same_table(tmp_path: Path) -> None:
    machine, backup = tmp_path / "machine", tmp_path / "backup"
    backup.mkdir()
    history = tmp_path / "history.ndjson"
    history.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=1_000)))
    with system_with_desk(machine) as (system, desk):
        assert system.run("import", history).returncode == 0
        assert given(desk) == {"accepted"}
        level(desk)
        until(lambda: published(machine))
        made = system.run("access", "link", "create", "--role", "national", "--name", "Crisisteam")
        assert made.returncode == 0, made.stderr
        before, links = tables(system), system.run("access", "link", "list", "--format", "json").stdout
        assert system.run("export", "--output", backup / "ledger.ndjson").returncode == 0
    shown = published(machine)
    for name in ("public.sqlite", "access", "desks"):
        source = machine / name
        shutil.copytree(source, backup / name) if source.is_dir() else shutil.copy2(source, backup / name)
    shutil.rmtree(machine)

    with whole(machine, *ALONE) as system:
        system.ready()
        imported = system.run("import", backup / "ledger.ndjson")
        assert imported.returncode == 0, imported.stderr
        assert system.stop() == 0
    for name in ("public.sqlite", "access", "desks"):
        for stale in machine.glob(f"{name}-*"):
            stale.unlink()
        source = backup / name
        shutil.copytree(source, machine / name) if source.is_dir() else shutil.copy2(source, machine / name)
    with system_with_desk(machine) as (system, desk):
        level(desk)
        assert tables(system) == before
        assert system.run("audit").returncode == 0
        assert published(machine) == shown
        assert system.run("access", "link", "list", "--format", "json").stdout == links
        # What was reported before is known: a sender that is not sure may give it again.
        assert given(desk) == {"known"}
