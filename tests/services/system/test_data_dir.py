"""The data directory: one system on it at a time, and clear words where it cannot be used."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.system import DataDir, SystemUnavailable

LOCK = """
import sys
from services.system import DataDir
data_dir = DataDir(sys.argv[1])
data_dir.lock()
print("locked", flush=True)
input()
"""


def test_without_a_path_the_environment_then_the_platform_says_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KINDINBEELD_DATA_DIR", str(tmp_path / "here"))
    assert DataDir().path == tmp_path / "here"
    assert DataDir(tmp_path / "there").path == tmp_path / "there"
    monkeypatch.delenv("KINDINBEELD_DATA_DIR")
    assert DataDir().path.name == "kindinbeeld"


def test_it_is_made_for_its_owner_only(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path / "deep" / "system")
    data_dir.lock()
    assert stat.S_IMODE(data_dir.path.stat().st_mode) == 0o700
    data_dir.unlock()


def test_one_process_at_a_time_also_after_one_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(SystemUnavailable, match=r"is in use by another system") as raised:
            DataDir(tmp_path).lock()
        assert raised.value.exit_status == 3
        other.kill()
    mine = DataDir(tmp_path)
    mine.lock()
    mine.unlock()


def test_a_file_in_its_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "system").write_text("")
    with pytest.raises(SystemUnavailable, match="is not a directory"):
        DataDir(tmp_path / "system").lock()
    with pytest.raises(SystemUnavailable, match="cannot make the data directory"):
        DataDir(tmp_path / "system" / "below").lock()
