"""`kindinbeeld up`, from outside: it starts, stops, goes on where it was, and says clearly why it does not."""

from __future__ import annotations

import os
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from events import parse_event
from services.audits import AuditLog
from services.simulate import simulate
from services.system import DataDir
from tests.support.inside import run_inside
from tests.support.systems import run_command
from tests.support.whole import Whole, fetch, name_of, until, whole

ALONE = ("up", "--port", "0", "--no-desks")
"""Without the desks, which take long to start and have no part in what most of these tests ask."""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A small history of the first closure."""
    path = tmp_path / "history.ndjson"
    path.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=3_000)))
    return path


def counted(system: Whole, *arguments: str) -> bytes:
    outcome = system.run_apart("counts", "--format", "csv", *arguments)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def test_from_a_file_to_the_live_count_and_on_after_a_restart(tmp_path: Path, history: Path) -> None:
    with whole(tmp_path / "system", *ALONE, settings={"KINDINBEELD_ARCHIVE_EVERY": "2s"}) as system:
        url = system.ready()
        with urllib.request.urlopen(url, timeout=60) as page:  # noqa: S310 - loopback
            assert page.status == 200
        imported = system.run_apart("import", history)
        assert imported.returncode == 0, imported.stderr
        live = counted(system)
        assert live.count(b"\n") > 100
        early = counted(system, "--as-of", "2020-04-10T12:00:00+02:00")
        evaluated = run_inside("evaluate", history, "--as-of", "2020-04-10T12:00:00+02:00", data_dir=tmp_path)
        assert early == evaluated.stdout
        assert live == run_inside("evaluate", history, "--as-of", "2026-01-01T00:00:00Z", data_dir=tmp_path).stdout
        audit = system.run_apart("audit")
        assert audit.returncode == 0, audit.stderr
        assert b"live equals replay" in audit.stdout
        health = fetch(url + "health")
        assert health["eventsBehind"] == 0
        assert fetch(url + "health/ready")["ready"] is True
        assert fetch(url + "health/live")["live"] is True
        until(lambda: (fetch(url + "health")["archive"] or {}).get("position") == health["ledgerPosition"], 120)
        with urllib.request.urlopen(url + "metrics", timeout=60) as told:  # noqa: S310 - loopback
            assert b"\nkib_archive_behind_events 0\n" in told.read()
        assert counted(system, "--as-of", "2020-04-10T12:00:00+02:00") == early
        exported = system.run_apart("export").stdout
        assert system.stop() == 0
    with whole(tmp_path / "system", *ALONE) as system:
        system.ready()
        assert counted(system) == live
        assert system.run_apart("export").stdout == exported
        assert system.stop(signal.SIGINT) == 0
    assert not (tmp_path / "system" / "system.json").exists()
    assert_nothing_about_a_person(system.log, history)


def assert_nothing_about_a_person(log: Path, history: Path) -> None:
    """The logs of the run name no pseudonym of the history."""
    logged = log.read_text()
    assert "leaked" not in logged  # what DuckDB says at the end of a process that loaded it: none that runs long does
    events = [parse_event(line) for line in history.read_bytes().splitlines()]
    names = {getattr(event.data, name, None) for event in events for name in ("pupil", "household")} - {None}
    assert len(names) > 100
    assert not [name for name in names if str(name) in logged]


def test_an_audit_finds_a_cell_that_differs(tmp_path: Path, history: Path) -> None:
    import sqlite3

    with whole(tmp_path / "system", *ALONE, settings={"KINDINBEELD_AUDIT_EVERY": "0"}) as system:
        url = system.ready()
        assert system.run("import", history).returncode == 0
        assert fetch(url + "health")["lastAudit"] is None
        assert system.run("audit").returncode == 0
        with sqlite3.connect(tmp_path / "system" / "live.sqlite") as database:
            database.execute("UPDATE flow SET n = n + 1 WHERE key = (SELECT key FROM flow WHERE n > 0 LIMIT 1)")
        database.close()
        audit = system.run("audit")
        assert audit.returncode == 1
        assert b"live" in audit.stdout
        assert b"replay" in audit.stdout
        assert b"differ" in audit.stderr
        recorded = AuditLog(DataDir(tmp_path / "system").audits).history()
        assert [each.equal for each in recorded] == [True, False], "those of the command, and no others"
        until(lambda: (fetch(url + "health")["lastAudit"] or {}).get("differences"))


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = run_command("up", "--port", str(port), data_dir=tmp_path / "system")
    assert outcome.returncode == 3
    assert f"port {port} on 127.0.0.1 cannot be used" in one_line(outcome.stderr)


def test_a_data_directory_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = run_command("up", "--port", "0", data_dir=tmp_path / "file" / "system")
    assert outcome.returncode == 3
    assert "data directory" in one_line(outcome.stderr)


@pytest.mark.parametrize("command", ["counts", "audit", "export"])
def test_no_system_runs(tmp_path: Path, command: str) -> None:
    outcome = run_inside(command, data_dir=tmp_path)
    assert outcome.returncode == 3
    assert "no system runs on" in one_line(outcome.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["counts", "--as-of", "yesterday"],
        ["counts", "--week", "2021-W53"],
        ["counts", "--municipality", "Groningen"],
        ["counts", "--format", "excel"],
        ["up", "--port", "70000"],
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    outcome = run_inside(*arguments, data_dir=tmp_path)
    assert outcome.returncode == 2
    assert b"Traceback" not in outcome.stderr


def test_all_of_it_listens_on_loopback_and_a_part_that_is_killed_is_started_again(
    tmp_path: Path, history: Path
) -> None:
    with whole(tmp_path / "system") as system:
        url = system.ready()
        second = run_command("up", "--port", "0", data_dir=tmp_path / "system")
        assert second.returncode == 3
        assert one_line(second.stderr).endswith("is in use by another system; stop that one first")
        listening = [address for pid in system.processes() for address in _listening(pid)]
        assert len(listening) >= 2
        assert set(listening) == {"0100007F"}
        _kill_what_parts_are_forked_from(system)
        for pid in system.processes()[1:]:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)
        until(lambda: _is_ready(url))
        assert system.run("import", history).returncode == 0
        assert system.run("audit").returncode == 0


def _kill_what_parts_are_forked_from(system: Whole) -> None:
    """No part is left without anyone to start it again when that ends: all of them are started anew."""
    names = {name_of(pid): pid for pid in system.processes()}
    parts = {name for name in names if name.startswith("kib ")}
    assert len(parts) == 7
    (stem,) = {_parent(names[part]) for part in parts}
    os.kill(stem, signal.SIGKILL)
    until(lambda: not any(Path(f"/proc/{names[part]}").exists() for part in parts))
    until(lambda: parts <= {name_of(pid) for pid in system.processes()})


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _listening(pid: int) -> list[str]:
    """The addresses (hexadecimal, IPv4) on which a process listens; an IPv6 one would show as longer."""
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink() and fd.exists()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]


def test_killed_whole_and_started_again(tmp_path: Path, history: Path) -> None:
    with whole(tmp_path / "system", *ALONE) as system:
        system.ready()
        assert system.run("import", history).returncode == 0
        live = counted(system)
        parts = system.processes()
        system.process.kill()
        system.process.wait()
        assert len(parts) >= 4
    with whole(tmp_path / "system", *ALONE) as system:
        system.ready()
        assert counted(system) == live
        assert system.run("audit").returncode == 0
        gone = set(parts) - set(system.processes())
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in gone))


def _is_ready(url: str) -> bool:
    try:
        return bool(fetch(url + "health/ready")["ready"])
    except OSError:
        return False


def one_line(text: bytes) -> str:
    """The only line that a command said."""
    lines = text.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]
