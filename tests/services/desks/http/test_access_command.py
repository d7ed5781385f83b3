"""`kindinbeeld access`: keys are made, listed and revoked."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.cli import access as command
from services.desks.access import Access, access_path
from services.desks.access.checking import FRESH
from services.system import CommandError, DataDir
from tests.services.desks.http.conftest import OTHER_SOURCE, SOURCE


def run(data_dir: Path, *arguments: str) -> tuple[str, str]:
    """Run `access` with these arguments; what it printed on standard output and standard error."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    command.register(app)
    result = CliRunner().invoke(app, ["access", *arguments, "--data-dir", str(data_dir)])
    if result.exception is not None:
        raise result.exception
    return result.stdout, result.stderr


def test_a_key_is_shown_once_and_listed_without_its_secret(tmp_path: Path) -> None:
    out, err = run(tmp_path, "create", "--desk", "school", "--source", SOURCE, "--source", OTHER_SOURCE)
    secret = out.strip()
    access = Access(access_path(DataDir(tmp_path)))
    key = access.key_of(secret)
    assert key is not None
    assert (key.desk, key.sources, key.coordinator) == ("school", frozenset({SOURCE, OTHER_SOURCE}), False)
    assert key.id in err
    assert secret not in err

    run(tmp_path, "create", "--desk", "wij", "--coordinator")
    table, _ = run(tmp_path, "list")
    assert secret not in table
    assert [line.split()[1] for line in table.splitlines()] == ["desk", "school", "wij"]
    listed = json.loads(run(tmp_path, "list", "--format", "json")[0])
    assert (listed[0]["id"], listed[0]["coordinator"]) == (key.id, False)
    assert listed[1]["coordinator"] is True
    assert listed[1]["sources"] == []

    run(tmp_path, "revoke", key.id)
    time.sleep(2 * FRESH)
    assert access.key_of(secret) is None
    listed = json.loads(run(tmp_path, "list", "--format", "json")[0])
    assert [each["revokedAt"] is None for each in listed] == [False, True]
    access.close()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("create", "--desk", "kitchen", "--source", SOURCE), "the desk must be one of"),
        (("create", "--desk", "school", "--source", "urn:mine"), "a source must be urn:nld"),
        (("create", "--desk", "school"), "needs a source"),
        (("revoke", "nothing"), "there is no key with this id"),
    ],
)
def test_wrong_usage_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    with pytest.raises(CommandError, match=word) as caught:
        run(tmp_path, *arguments)
    assert caught.value.exit_status == 2


def test_a_file_that_cannot_be_used_is_said_so(tmp_path: Path) -> None:
    path = access_path(DataDir(tmp_path))
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 200)
    with pytest.raises(CommandError, match="cannot be read or written") as caught:
        run(tmp_path, "list")
    assert caught.value.exit_status == 3


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "list")[0].startswith("id ")
    assert not (tmp_path / "none").exists()
