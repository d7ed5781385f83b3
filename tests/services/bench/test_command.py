"""The command as people run it, on very few events: what it measures and leaves behind, never how fast."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.inside import run_inside
from tests.support.systems import COMMAND, run_command

EVENTS = "2500"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def measured(place: Path, *names: str) -> dict[str, Any]:
    only = [argument for name in names for argument in ("--only", name)]
    ran = run_command(
        "bench", "--quick", "--events", EVENTS, *only, "--format", "json", "--data-dir", place, data_dir=place
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert b"Traceback" not in ran.stderr
    assert processes_of(place) == []
    assert [path.name for path in place.iterdir()] in ([], ["bench-events"])
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def processes_of(place: Path) -> list[str]:
    """The command lines of the processes that work in a directory, by these or by their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
            environment = path.with_name("environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(place) in command + environment and path.parent.name != str(os.getpid()):
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def values(document: dict[str, Any]) -> dict[str, float]:
    return {figure["key"]: figure["value"] for figure in document["figures"]}


def test_evaluate_and_plain_python(place: Path) -> None:
    document = measured(place, "evaluate", "plain")
    found = values(document)
    assert list(found) == ["evaluate", "evaluate-rate", "plain"]
    assert found["evaluate"] * found["evaluate-rate"] == pytest.approx(2500, rel=0.03)
    (ratio,) = document["ratios"]
    assert ratio == {"ours": "evaluate-rate", "baseline": "plain", "times": found["evaluate-rate"] / found["plain"]}
    assert {"processors", "Python", "duckdb", "nats-server", "nats-py", "eventsourcing"} <= set(document["machine"])
    assert document["machine"]["nats-server"].startswith("2.")


def test_import_catching_up_and_their_baselines(place: Path) -> None:
    document = measured(place, "import", "catch-up", "rebuild", "fetch", "library")
    found = values(document)
    assert list(found) == [
        "import",
        "import-memory",
        "import-beside-system",
        "catch-up",
        "rebuild",
        "rebuild-rate",
        "rebuild-from-ledger",
        "rebuild-from-archive",
        "fetch",
        "library-durable",
        "library-memory",
    ]
    assert all(value > 0 for key, value in found.items() if key != "import-memory")
    # So few events are not held against the targets for rates.
    assert [figure["target"] for figure in document["figures"]] == [None] * 11
    compared = {(ratio["ours"], ratio["baseline"]) for ratio in document["ratios"]}
    assert {("catch-up", each) for each in ("library-durable", "library-memory", "fetch")} < compared


def test_a_view_in_postgresql_beside_one_in_sqlite(place: Path) -> None:
    document = measured(place, "postgres")
    found = values(document)
    assert list(found) == ["postgres", "postgres-sqlite"]
    (ratio,) = document["ratios"]
    assert ratio["times"] == found["postgres"] / found["postgres-sqlite"] > 0


def test_two_workers_beside_one(place: Path) -> None:
    document = measured(place, "workers")
    found = values(document)
    assert list(found) == ["workers", "workers-one", "workers-view", "workers-times"]
    assert found["workers-times"] == pytest.approx(found["workers"] / found["workers-one"])
    assert document["ratios"][0]["times"] == pytest.approx(found["workers-times"])


@pytest.mark.browser
def test_from_publish_to_a_page_in_a_browser(place: Path, chromium: None) -> None:
    document = measured(place, "live")
    found = values(document)
    assert 0 < found["live-p50"] <= found["live-p95"] <= found["live-p99"] <= found["live-max"]
    assert found["live-painted-p99"] >= found["live-p50"]
    note = next(figure["note"] for figure in document["figures"] if figure["key"] == "live-p99")
    assert note.startswith("Chromium ")
    assert "1,000 events" in note


def test_one_more_event_and_a_page_with_more_in_the_ledger(place: Path) -> None:
    found = values(measured(place, "standing"))
    assert [key for key in found if key.startswith("standing-event")] == [
        "standing-event-2000",
        "standing-event-2500",
        "standing-event",
    ]
    assert {
        "standing-page-now-2000",
        "standing-page-municipality-2500",
        "standing-memory-2500",
        "standing-pupil",
    } <= set(found)
    assert all(value > 0 for key, value in found.items() if key != "standing-pupil")


def test_the_archive_and_the_report(place: Path) -> None:
    document = measured(place, "archive", "growth", "report")
    found = values(document)
    sizes = [int(key.rpartition("-")[2]) for key in found if key.startswith("growth-table-")]
    assert sizes == [250, 2500]
    assert len([key for key in found if key.startswith("growth-")]) == 8
    assert list(found)[:3] == ["archive-build", "archive-then", "archive-now"]
    assert {"archive-memory", "archive-rate", "archive-many", "archive-triangle", "report", "report-public"} <= set(
        found
    )
    assert 0 < found["archive-one-p50"] <= found["archive-one-p99"] <= found["archive-one-max"]
    assert all(value > 0 for value in found.values())
    told = [
        figure["note"]
        for figure in document["figures"]
        if figure["unit"] == "s" and figure["key"] != "archive-build" and not figure["key"].startswith("growth-")
    ]
    assert all("archive built in" in note for note in told)


def test_without_a_browser_the_stream_is_measured_and_that_is_said(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    document = measured(place, "live")
    found = values(document)
    assert list(found) == ["live-p50", "live-p95", "live-p99", "live-max"]
    assert 0 < found["live-p50"] <= found["live-max"]
    assert "not a browser: no Chromium here" in document["figures"][2]["note"]


def test_two_hundred_open_pages(place: Path) -> None:
    document = measured(place, "pages")
    found = values(document)
    assert 0 < found["pages-p50"] <= found["pages-p99"] <= found["pages-max"]
    assert document["figures"][1]["note"].startswith("200 pages")


@pytest.mark.browser
def test_what_opening_a_page_takes(place: Path, chromium: None) -> None:
    document = measured(place, "opening")
    found = values(document)
    assert list(found) == ["opening-weight", "opening-paint-p50", "opening-paint-max"]
    assert 10 < found["opening-weight"] < 400
    assert 0 < found["opening-paint-p50"] <= found["opening-paint-max"]
    weight, _, slowest = (figure["note"] for figure in document["figures"])
    assert weight.count(" kB") == 4
    assert weight.count("pictures") == 2
    assert slowest.startswith("Chromium ")


def test_interrupted_it_ends_everything_that_it_started(place: Path) -> None:
    command = [str(COMMAND), "bench", "--quick", "--events", EVENTS, "--only", "live", "--data-dir", str(place)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == b"measuring from publish to page\n"
        wait_until(lambda: any(place.glob("*/live-*/system.json")))
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everyone in the foreground
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert said.splitlines()[-1] == b"kindinbeeld: interrupted; what was started has ended"
    assert b"Traceback" not in said
    assert processes_of(place) == []


def test_a_measurement_that_there_is_not_is_wrong_usage(place: Path) -> None:
    ran = run_inside("bench", "--only", "everything", data_dir=place)
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"kindinbeeld: --only: must be one of evaluate, import,")
    assert len(ran.stderr.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = run_command("bench", "--only", "plain", "--data-dir", tmp_path / "file", data_dir=tmp_path)
    assert ran.returncode == 3
    assert ran.stderr.decode().endswith("file is not a directory\n")
    assert len(ran.stderr.splitlines()) == 1


def test_a_desk_and_its_relay(place: Path) -> None:
    document = measured(place, "desk-single", "desk-batch", "relay")
    found = values(document)
    assert list(found) == [
        "desk-single-p50",
        "desk-single-p99",
        "desk-single-max",
        "desk-batch",
        "library-save",
        "relay",
    ]
    assert 0 < found["desk-single-p50"] <= found["desk-single-p99"] <= found["desk-single-max"]
    assert min(found["desk-batch"], found["library-save"], found["relay"]) > 0
    assert [figure["target"] for figure in document["figures"]] == [None] * 6
    notes = {figure["key"]: figure["note"] for figure in document["figures"]}
    assert notes["desk-single-p99"].startswith("2,500 at ")
    assert notes["desk-batch"].startswith("2,500 in ")
    assert [(each["ours"], each["baseline"]) for each in document["ratios"]] == [("desk-batch", "library-save")]
