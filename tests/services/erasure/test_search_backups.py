"""`kindinbeeld erase --search`: whether people's own backups still hold a name, of each kind that they can make."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nats
import psycopg
import pytest
import zstandard

from deploy.nats_server import find_binary
from services.desks.desk import Desk
from services.desks.store import postgres_environment
from services.erasure.contents import readings
from services.erasure.matching import Wanted
from tests.services.erasure.test_erase import ALONE, CHILD, HOME, REPORT, SIBLING, STRANGER, history, lost, written
from tests.support.inside import run_inside
from tests.support.postgres import PostgresServer
from tests.support.reports import now, report
from tests.support.whole import until

NOBODY = "niemand-heet-zo-000001"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    def answers() -> bool:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True

    until(answers)


def search(*words: str | Path, whom: str | None = CHILD) -> tuple[int, dict[str, Any], str]:
    """Search, and give the exit status, what was found, and what was said."""
    words = words if whom is None else ("--pupils", "-", *words)
    done = run_inside("erase", *words, data_dir=Path("none"), input=whom.encode() if whom else None)
    said = (done.stdout + done.stderr).decode()
    assert [name for name in (CHILD, SIBLING, STRANGER, HOME, ALONE, REPORT) if name in said] == []
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, said


def found_in(path: Path, name: str) -> bool:
    """Whether it is found in the one file; every time somebody else's name is looked for too, which is not there."""
    assert search("--search", path, whom=NOBODY)[0] == 0
    status, told, _ = search("--search", path, whom=name)
    assert (told["files_searched"], told["files_unread"]) == (1, [])
    assert (status, told["files_left"]) in ((0, []), (1, [str(path)]))
    return status == 1


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "ndjson": lambda raw: raw,
    "gz": gzip.compress,
    "zst": lambda raw: zstandard.ZstdCompressor().compress(raw),
    "members.gz": lambda raw: gzip.compress(raw[:700]) + gzip.compress(raw[700:]),
}


@pytest.mark.parametrize("packed", PACKED)
def test_an_export_plain_or_packed(tmp_path: Path, packed: str) -> None:
    file = written(tmp_path / f"export.{packed}", history())
    file.write_bytes(PACKED[packed](file.read_bytes()))
    assert found_in(file, CHILD)
    assert not found_in(file, "nergens-te-vinden-01")


def accepted(desk: Desk, reports: list[bytes]) -> None:
    desk.start()
    try:
        answers = asyncio.run(desk.accept(reports))
    finally:
        desk.close()
    assert {answer.fate for answer in answers} == {"accepted"}


def test_a_copy_of_a_desks_file_also_where_a_name_lies_on_two_pages(tmp_path: Path) -> None:
    pupils = [f"leerling-op-een-pagina-{n:04}" for n in range(100)]
    # Of a long fact the last 4,092 bytes are a page of their own: at some length the name lies across its beginning.
    words = {pupil: "x" * 400 + pupil + "x" * (3_600 + 10 * n) for n, pupil in enumerate(pupils)}
    reports = [report(f"melding-{n}", toelichting=words[pupil]) for n, pupil in enumerate(pupils)]
    accepted(Desk("school", tmp_path / "school.sqlite", now), reports)
    copy = tmp_path / "copy of # the desk?.sqlite"
    with closing(sqlite3.connect(tmp_path / "school.sqlite")) as desk, closing(sqlite3.connect(copy)) as to:
        desk.backup(to)
    raw = copy.read_bytes()
    torn = [pupil for pupil in pupils if pupil.encode() not in raw]
    assert 0 < len(torn) < len(pupils)
    for pupil in (pupils[0], torn[0], torn[-1]):
        assert found_in(copy, pupil)


def test_a_copy_of_an_archive(tmp_path: Path) -> None:
    names = [f"heel-bijzondere-leerling-{n * 7919:07}" for n in range(2_000)]
    file = written(
        tmp_path / "ledger.ndjson", [*history(), *(lost(f"id-{n}", "2020-05-20T09:00:00Z", n, None) for n in names)]
    )
    archive = tmp_path / "archive"
    built = run_inside("archive", "build", "--from", file, "--archive", archive, data_dir=tmp_path / "none")
    assert built.returncode == 0, built.stderr
    copy = shutil.copytree(archive, tmp_path / "backup" / "of" / "the-archive")
    raw = b"".join(path.read_bytes() for path in copy.rglob("*.parquet"))
    packed = [name for name in names if name.encode() not in raw]
    assert packed  # compressed: their bytes alone would tell nothing
    status, told, said = search("--search", tmp_path / "backup", whom=packed[0])
    assert status == 1
    assert {Path(path).parent.name.partition("/")[0] for path in told["files_left"]} >= {"ledger"}
    assert all(Path(path).suffix == ".parquet" for path in told["files_left"])
    assert f"in {len(told['files_left'])} of {told['files_searched']} files" in said
    assert search("--search", tmp_path / "backup", whom=NOBODY)[:2] == (
        0,
        {"files_searched": told["files_searched"], "files_left": [], "files_unread": []},
    )


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """A database with a desk's reports, and somebody else's table."""
    url = postgres.database()
    accepted(Desk("school", postgres_environment(url, "kindinbeeld_school"), now), [report("m1", pupil=CHILD)])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE notes (words text)")
        connection.execute("INSERT INTO notes VALUES (%s)", (f"over {SIBLING}",))
    return url


def dump(postgres: PostgresServer, url: str, to: Path, *options: str) -> Path:
    command = [str(postgres.programs / "pg_dump"), *options, "--file", str(to), url]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return to


@pytest.mark.parametrize("options", [(), ("--inserts",), ("--compress=6",)])
def test_a_dump_of_postgresql(
    postgres: PostgresServer, database: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = dump(postgres, database, tmp_path / "dump.sql", "--format=plain", *options)
    text = gzip.decompress(file.read_bytes()) if options == ("--compress=6",) else file.read_bytes()
    assert CHILD.encode() not in text  # in digits
    assert found_in(file, CHILD)
    assert found_in(file, SIBLING)


def test_what_cannot_be_looked_into_is_said_to_be_so(postgres: PostgresServer, database: str, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    export = written(tmp_path / "export", history()).read_bytes()
    dump(postgres, database, backup / "own.dump", "--format=custom")
    (backup / "cut.gz").write_bytes(gzip.compress(os.urandom(9_999))[:-9])
    (backup / "twice.gz").write_bytes(gzip.compress(gzip.compress(export)))
    (backup / "broken.sqlite").write_bytes(b"SQLite format 3\0" + os.urandom(5_000))
    (backup / "broken.parquet").write_bytes(b"PAR1" + os.urandom(5_000) + b"PAR1")
    with tarfile.open(backup / "all.tar.gz", "w:gz") as tar:
        tar.add(backup / "twice.gz")
    base = backup / "base"
    base.mkdir()
    (base / "PG_VERSION").write_text("18\n")
    (backup / "whole.ndjson").write_text("{}\n")
    status, told, said = search("--search", backup)
    assert (status, told["files_searched"], told["files_left"]) == (3, 8, [])
    assert "`pg_restore --file=plain.sql FILE`" in said
    unread = {"all.tar.gz", "base", "broken.parquet", "broken.sqlite", "cut.gz", "own.dump", "twice.gz"}
    assert {Path(each.partition(" (")[0]).relative_to(backup).parts[0] for each in told["files_unread"]} == unread
    assert "7 files or directories cannot be looked into; 8 files were searched" in said
    # What is found comes first.
    (backup / "export").write_bytes(export)
    assert search("--search", backup)[0] == 1


def test_a_linked_directory_is_looked_into_or_said_not_to_be(tmp_path: Path) -> None:
    backups, elsewhere = tmp_path / "backups", tmp_path / "nas" / CHILD
    (backups / "2025").mkdir(parents=True)
    elsewhere.mkdir(parents=True)
    written(elsewhere / "export", history())
    (backups / "2025" / "words.txt").write_text("niemand")
    (backups / "latest").symlink_to(backups / "2025")
    assert search("--search", backups)[0] == 0  # what is linked to lies there as well
    (backups / "2024").symlink_to(elsewhere)
    status, told, _ = search("--search", backups)
    assert (status, told["files_searched"], told["files_left"]) == (3, 1, [])
    assert told["files_unread"] == [f"{backups / '2024'} (a link to a directory elsewhere: name that too)"]
    assert search("--search", backups, "--search", tmp_path / "nas")[0] == 1


def test_what_is_no_file_is_said_to_be_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "words.txt").write_text("niemand")
    status, told, _ = search("--search", tmp_path, "--search", tmp_path / "pipe")
    assert (status, told["files_searched"]) == (3, 1)
    names = ("broken (No such file or directory)", "pipe (no file)")
    assert sorted(told["files_unread"]) == [str(tmp_path / name) for name in names]
    (tmp_path / f"over-{CHILD}").symlink_to("nowhere")
    status, told, _ = search("--search", tmp_path)
    assert (status, told["files_left"]) == (1, [str(tmp_path)])


@pytest.fixture
def open_to_others() -> Iterator[Path]:
    """A directory to which others have a way, as they have none to pytest's."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_a_directory_that_may_not_be_listed_is_said_to_be_so(open_to_others: Path) -> None:
    backups = open_to_others / "backups"
    closed = backups / "of another"
    closed.mkdir(parents=True)
    written(closed / "export", history())
    (backups / "words.txt").write_text("niemand")
    closed.chmod(0)
    user = os.getuid() or 65534  # root may list anything
    # Everything is loaded before the user changes, who need not be allowed to read the program.
    code = (
        "import os, sys\nfrom pathlib import Path\nimport pyarrow.parquet\n"
        "from services.erasure.matching import Wanted\nfrom services.erasure.searching import look\n"
        "os.getuid() or os.setuid(int(sys.argv[1]))\n"
        "looked = look([Path(sys.argv[2])], Wanted([sys.argv[3]]))\n"
        "print(looked.files_searched, looked.files_left, *looked.files_unread)\n"
    )
    words = [sys.executable, "-c", code, str(user), str(backups), CHILD]
    done = subprocess.run(words, capture_output=True, text=True)
    closed.chmod(0o700)
    assert (done.returncode, done.stdout) == (0, f"1 () {closed} (Permission denied)\n"), done.stderr


def test_to_have_searched_nothing_is_not_clean(tmp_path: Path) -> None:
    status, told, said = search("--search", tmp_path)
    assert (status, told["files_searched"], "no file" in said) == (3, 0, True)


CLOSED = {
    "passphrase": "8c0d040903020f83",
    "passphrase in the new form": "c30d04090302aabb",
    "key": "85018c03f00dcafe",
    "elliptic key": "845e03f00dcafe00",
    "key in the new form": "c1c04c03f00dcafe",
    "short key in the new form": "c15e03f00dcafe00",
    "signed": "a30101789cbbcc",
    "armoured": b"\n-----BEGIN PGP MESSAGE-----\n".hex(),
    "armoured by age": b"-----BEGIN AGE ENCRYPTED FILE-----\n".hex(),
    "base64 of OpenSSL": b"U2FsdGVkX1+9".hex(),
    "rar": b"Rar!\x1a\x07\x01\0".hex(),
    "compress": "1f9d90",
    "lzma": "5d00008000",
}


@pytest.mark.parametrize("begin", CLOSED.values(), ids=CLOSED)
@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "packed"])
def test_encrypted_and_packed_backups_are_not_clean(
    tmp_path: Path, begin: str, packed: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "backup").write_bytes(packed(bytes.fromhex(begin) + os.urandom(999)))
    status, told, _ = search("--search", tmp_path / "backup")
    assert (status, len(told["files_unread"])) == (3, 1)


@pytest.mark.parametrize("name", ["dump.sql.gpg", "dump.PGP", "dump.asc", "dump.age", "dump.enc", "dump.sql.gpg.ab"])
def test_what_is_named_as_encrypted_is_not_clean(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\0" + os.urandom(999))
    assert search("--search", tmp_path / name)[0] == 3


@pytest.mark.parametrize("text", ["één\n", "Ä\x03", "Über", "] \n", "-----BEGIN CERTIFICATE"])
def test_a_text_is_not_taken_for_something_encrypted(tmp_path: Path, text: str) -> None:
    (tmp_path / "words.txt").write_text(text, encoding="utf-8")
    assert search("--search", tmp_path)[0] == 0


def test_a_file_of_jetstream_may_begin_with_anything(tmp_path: Path) -> None:
    for n, begin in enumerate(("a3010000", "5d000080", "1f9d0000")):  # lengths of the first message
        (tmp_path / f"{n}.blk").write_bytes(bytes.fromhex(begin) + os.urandom(999))
    assert search("--search", tmp_path)[0] == 0


@pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg here")
@pytest.mark.parametrize("armour", [(), ("--armor",)], ids=["binary", "armoured"])
def test_what_gpg_encrypts_is_not_clean(tmp_path: Path, armour: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    words = ("gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", "x", *armour)
    made = subprocess.run([*words, "--output", str(tmp_path / "backup"), "-c"], input=b"een dump", capture_output=True)
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
    assert made.returncode == 0, made.stderr
    assert search("--search", tmp_path / "backup")[0] == 3


@pytest.mark.parametrize(
    ("config", "compression", "status"),
    [("", "none", 0), ("", "s2", 3), ('key: "one-that-a-test-may-know"', "none", 3)],
    ids=["plain", "compressed", "encrypted"],
)
def test_a_copy_of_the_files_of_a_jetstream(tmp_path: Path, config: str, compression: str, status: int) -> None:
    port = free_port()
    store = tmp_path / "store"
    written_there = f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{store}"\n{config} }}\n'
    (tmp_path / "server.conf").write_text(written_there)
    server = subprocess.Popen([find_binary(), "-c", tmp_path / "server.conf"], stderr=subprocess.DEVNULL)

    async def fill() -> None:
        nc = await nats.connect(f"nats://127.0.0.1:{port}", max_reconnect_attempts=600, reconnect_time_wait=0.1)
        stream = {"name": "A", "subjects": ["a"], "storage": "file", "retention": "limits", "compression": compression}
        made = await nc.request("$JS.API.STREAM.CREATE.A", json.dumps(stream).encode(), timeout=60)
        assert b"error" not in made.data
        for number in range(250):  # more than one file of messages: only those that are full are compressed
            await nc.jetstream().publish("a", CHILD.encode() if not number else os.urandom(50_000), timeout=60)
        await nc.close()

    try:
        wait_for(port)
        asyncio.run(fill())
    finally:
        server.terminate()
        server.wait(60)
    found, told, _ = search("--search", store, whom=NOBODY)
    assert (found, bool(told["files_unread"])) == (status, status == 3)
    if status == 0:
        assert search("--search", store)[0] == 1


def test_the_names_of_an_old_export(tmp_path: Path) -> None:
    """Its pupils' households and ids too, but no household that others have too, and no id within a longer one."""
    longer = {"source": "urn:nld:kvknr:12345678:systeem:school", "type": "nl.kinderen-in-beeld.v1.week-reported"}
    week = {
        "occurredAt": "2020-05-01T09:00:00Z",
        "school": "06KR00",
        "sector": "po",
        "week": "2020-W14",
        "unreached": 3,
    }
    answer = lost(f"{REPORT}-10", "2020-05-22T09:00:00Z", "x", None) | longer | {"data": week}
    old = written(tmp_path / "old.ndjson", [*history(), answer])
    pieces = {"pupil": CHILD, "id": f"{REPORT}-back", "shared": HOME, "longer": f"{REPORT}-10", "alone": ALONE}
    for name, text in pieces.items():
        (tmp_path / f"{name}.txt").write_text(f"er staat {text}.")
    for words, whom, expected in (
        ((), CHILD, {"pupil"}),
        ((old,), CHILD, {"pupil", "id"}),
        ((old, "--everyone"), None, {"pupil", "id", "shared", "alone"}),
    ):
        proof = tmp_path / "found.json"
        places = [word for name in pieces for word in ("--search", tmp_path / f"{name}.txt")]
        status, told, _ = search(*words, *places, "--proof", proof, whom=whom)
        assert (status, {Path(path).stem for path in told["files_left"]}) == (1, expected)
        assert json.loads(proof.read_text()) == told


def test_a_name_in_the_name_of_a_file_is_not_told(tmp_path: Path) -> None:
    place = tmp_path / "here" / f"over-{CHILD}"
    place.mkdir(parents=True)
    (place / "empty").touch()
    status, told, _ = search("--search", tmp_path)
    assert (status, told["files_left"]) == (1, [str(tmp_path / "here")])


@pytest.mark.parametrize(
    "words",
    [
        ("--search", ".", "--everyone"),
        ("--search", ".", "--due"),
        ("--search", ".", "--everyone", "--yes"),
        ("--search", "not-there", "--pupils", "-"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...]) -> None:
    assert search(*words, whom=None)[0] == 2


def test_digits_are_read_however_the_file_is_cut(tmp_path: Path) -> None:
    raw = (
        b"\\" + b"\\x" + CHILD.encode().hex().encode() + b"\\x\\x7\\x" + SIBLING.encode().hex().upper().encode() + b"0"
    )
    from services.erasure.contents import _from_hex

    for size in range(1, len(raw)):
        cut = [raw[i : i + size] for i in range(0, len(raw), size)]
        assert b"".join(_from_hex(cut)) == CHILD.encode() + b"\n\n\n" + SIBLING.encode()
    (tmp_path / "digits").write_bytes(raw)
    assert any(Wanted([SIBLING]).holds(pieces) for pieces in readings(tmp_path / "digits"))
