"""A whole system forgets a pupil, as docs/erasure.md says: no byte of it is left, and every table is what it was."""

from __future__ import annotations

import json
from pathlib import Path

from tests.services.erasure.test_erase import CHILD, REPORT, day, erase, everything_in, history
from tests.support.whole import Whole, whole

INSTANTS = [day(18, 10), day(20, 10), day(21, 10), day(25, 10), day(28, 10), day(50, 10)]
SETTINGS = {"KINDINBEELD_AUDIT_EVERY": "0"}


def known(system: Whole) -> list[bytes]:
    results = [system.run("counts", "--format", "csv", "--as-of", at) for at in INSTANTS]
    results.append(system.run("counts", "--format", "csv"))
    assert [result.returncode for result in results] == [0] * len(results), results[0].stderr
    return [result.stdout for result in results]


def test_a_system_forgets_a_pupil(tmp_path: Path) -> None:
    old, new, export = tmp_path / "old", tmp_path / "new", tmp_path / "ledger.ndjson"
    with whole(old, "up", "--port", "0", "--no-desks", settings=SETTINGS) as system:
        system.bring_in([json.dumps(each).encode() for each in history()], tmp_path / "history.ndjson")
        before = known(system)
        exported = system.run("export", "--output", export)
        assert exported.returncode == 0, exported.stderr
    assert all(name.encode() in everything_in(old) for name in (CHILD, REPORT))
    done = erase(export, "--pupils", "-", "--yes", whom=CHILD)
    assert done.returncode == 0, done.stderr
    with whole(new, "up", "--port", "0", "--no-desks", settings=SETTINGS) as system:
        system.bring_in(export.read_bytes().splitlines(), tmp_path / "again.ndjson")
        audited = system.run("audit")
        assert audited.returncode == 0, audited.stderr
        assert known(system) == before
        assert system.run("archive", "build").returncode == 0
        found = everything_in(new)
        assert [name for name in (CHILD, REPORT) if name.encode() in found] == []
    found = everything_in(new) + export.read_bytes() + (tmp_path / "new.log").read_bytes()
    assert [name for name in (CHILD, REPORT) if name.encode() in found] == []
