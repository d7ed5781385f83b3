"""`kindinbeeld rejected`: what broke which rule, and nothing about a person unless it is asked for."""

from __future__ import annotations

import base64
import json

from tests.support.lines import line
from tests.support.systems import RunningLedger

BAD = line(7, pupil="short")


def rows(ledger: RunningLedger, *options: str) -> list[dict[str, object]]:
    done = ledger.run_inside("rejected", "--format", "ndjson", *options)
    assert done.returncode == 0
    return [json.loads(each) for each in done.stdout.splitlines()]


async def test_the_list(ledger: RunningLedger) -> None:
    ledger.run_inside("import", "-", input=b"\n".join([line(1), b"{", BAD]))
    async with ledger.connected() as connected:
        headers = {"Kib-Field": "data.week", "Kib-Rule": "must be a week"}
        await connected.nc.jetstream().publish("kib.rejected.school", b"\xff", headers=headers)
    first, second, third = rows(ledger)
    assert (first["line"], first["field"], first["sequence"], first["desk"]) == (2, "line", 1, "import")
    assert (second["line"], second["field"]) == (3, "data.pupil")
    assert (third["desk"], third["line"], third["rule"]) == ("school", None, "must be a week")
    assert str(third["keptAt"]).endswith("Z")

    done = ledger.run_inside("rejected")
    head, *table = done.stdout.decode().splitlines()
    assert head.split() == ["kept", "at", "desk", "line", "sequence", "field", "rule"]
    assert [each.split()[1:5] for each in table] == [
        ["import", "2", "1", "line"],
        ["import", "3", "2", "data.pupil"],
        ["school", "3", "data.week", "must"],
    ]
    assert done.stderr == b"rejected 3\n"


def test_nothing_about_a_person_unless_asked_for(ledger: RunningLedger) -> None:
    ledger.run_inside("import", "-", input=BAD + b"\n\xff" + BAD)
    for options in ([], ["--format", "ndjson"]):
        said = ledger.run_inside("rejected", *options)
        assert b"short" not in said.stdout + said.stderr
    whole, broken = rows(ledger, "--content")
    assert whole["content"] == BAD.decode()
    assert base64.b64decode(str(broken["contentBase64"])) == b"\xff" + BAD


def test_content_only_as_ndjson(ledger: RunningLedger) -> None:
    done = ledger.run_inside("rejected", "--content")
    assert (done.returncode, done.stderr) == (2, b"kindinbeeld: --content needs --format ndjson\n")


def test_nothing_rejected(ledger: RunningLedger) -> None:
    assert rows(ledger) == []


def test_by_reason(ledger: RunningLedger) -> None:
    ledger.run_inside("import", "-", input=b"\n".join([b"{", BAD, line(8, pupil="x"), b"["]))
    done = ledger.run_inside("rejected", "--by-reason")
    head, *table = done.stdout.decode().splitlines()
    assert head.split() == ["number", "desk", "field", "rule"]
    assert [each.split()[:3] for each in table] == [["2", "import", "data.pupil"], ["2", "import", "line"]]
    assert done.stderr == b"rejected 4\n"
    found = rows(ledger, "--by-reason", "--field", "data.pupil")
    assert [(each["desk"], each["field"], each["number"]) for each in found] == [("import", "data.pupil", 2)]


def test_what_is_asked_for_only(ledger: RunningLedger) -> None:
    ledger.run_inside("import", "-", input=b"\n".join([b"{", BAD]))
    (only,) = rows(ledger, "--field", "data.pupil", "--desk", "import")
    assert rows(ledger, "--rule", str(only["rule"])) == [only]
    assert rows(ledger, "--desk", "school") == []
    assert rows(ledger, "--desk", "(ledger)") == []
    wrong = ledger.run_inside("rejected", "--desk", "nobody")
    assert (wrong.returncode, wrong.stdout) == (2, b"")
