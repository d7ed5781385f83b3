"""system.json: how a command finds the system that runs, and what it says when none does."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from deploy.nats_address import NatsAddress
from services.system import Clock, DataDir, Settings, SystemRecord, SystemUnavailable, find_system

NATS = NatsAddress("nats://127.0.0.1:4333", "someone", "a-secret-word")
NONE = Settings()


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path)


def test_what_is_written_is_found(data_dir: DataDir) -> None:
    record = SystemRecord(NATS, "http://127.0.0.1:8787/", clock=Clock.simulated(5, 60.0))
    record.write(data_dir)
    assert find_system(data_dir, NONE) == record
    assert find_system(data_dir, NONE).nats.password == "a-secret-word"
    assert record.pid == os.getpid()


def test_it_is_private_and_whole(data_dir: DataDir) -> None:
    SystemRecord(NATS).write(data_dir)
    SystemRecord(NATS, "http://127.0.0.1:1/").write(data_dir)
    assert stat.S_IMODE(data_dir.record.stat().st_mode) == 0o600
    assert [file.name for file in data_dir.path.iterdir()] == ["system.json"]
    assert "a-secret-word" not in repr(find_system(data_dir, NONE))


def test_none_runs(data_dir: DataDir) -> None:
    with pytest.raises(SystemUnavailable) as raised:
        find_system(data_dir, NONE)
    assert raised.value.message == (
        f"no system runs on {data_dir}; start it with `kindinbeeld up --data-dir {data_dir}`"
    )
    assert raised.value.exit_status == 3
    with pytest.raises(SystemUnavailable, match="no system runs on"):
        find_system(DataDir(data_dir.path / "absent"), NONE)


def test_a_clean_stop_takes_it_back(data_dir: DataDir) -> None:
    SystemRecord(NATS).write(data_dir)
    SystemRecord.remove(data_dir)
    SystemRecord.remove(data_dir)
    with pytest.raises(SystemUnavailable, match="no system runs on"):
        find_system(data_dir, NONE)


def test_one_left_by_a_killed_system_is_stale(data_dir: DataDir) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        SystemRecord(NATS, pid=process.pid).write(data_dir)
        assert find_system(data_dir, NONE).pid == process.pid
        process.kill()
    with pytest.raises(SystemUnavailable, match="no system runs on"):
        find_system(data_dir, NONE)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nats": {}}', '{"nats": {"url": "x"}, "pid": "x"}'])
def test_one_that_is_damaged_is_one_clear_line(data_dir: DataDir, text: str) -> None:
    data_dir.record.write_text(text)
    with pytest.raises(SystemUnavailable, match=r"cannot be read; stop the system and start it again"):
        find_system(data_dir, NONE)


def test_a_ledger_elsewhere_is_found_by_the_environment(data_dir: DataDir) -> None:
    elsewhere = Settings(nats_url="nats://a:b%40c@one:4222,two:4223")
    assert find_system(data_dir, elsewhere).nats == NatsAddress("nats://one:4222,nats://two:4223", "a", "b@c")
    SystemRecord(NATS).write(data_dir)
    assert find_system(data_dir, elsewhere).nats == NATS
