"""The whole system, as `kindinbeeld up` or `demo` runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.inside import run_inside
from tests.support.systems import COMMAND, run_command


class Whole:
    """A running `up` or `demo` on a data directory."""

    def __init__(
        self, data_dir: Path, *arguments: str, log_level: str = "info", settings: Mapping[str, str] | None = None
    ) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
        self.data_dir = data_dir
        self.log = data_dir.parent / f"{data_dir.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(COMMAND), *arguments, "--data-dir", str(data_dir)],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment
                | {"KINDINBEELD_LOG_FORMAT": "json", "KINDINBEELD_LOG_LEVEL": log_level}
                # Building archives meanwhile is for the tests that are about that.
                | {"KINDINBEELD_ARCHIVE_EVERY": "0"}
                | dict(settings or {}),
            )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.decode().rstrip("\n"))

    def ready(self, patience: float = 180) -> str:
        """Wait for the line that says where the page is."""
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise AssertionError(f"not ready: {self.log.read_text()[-2000:]}") from None
        word, url = line.split(" ")
        assert word == "ready"
        return url

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Run a command on this system, in the test's own process, which is much quicker."""
        return run_inside(*arguments, data_dir=self.data_dir)

    def run_apart(self, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Run a command on this system in a process of its own, as people do."""
        return run_command(*arguments, data_dir=self.data_dir)

    def bring_in(self, lines: Iterable[bytes], file: Path) -> str:
        """Import a history, written into a file, and give where the page is once it has all of it."""
        url = self.ready()
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        imported = self.run("import", file)
        assert imported.returncode == 0, imported.stderr
        new = re.search(rb"new (\d+)", imported.stderr)
        assert new is not None
        until(lambda: fetch(f"{url}v1/status")["position"] == int(new[1]))
        return url

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop and give its exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def processes(self) -> list[int]:
        """The process ids of all its parts."""
        found, new = [self.process.pid], [self.process.pid]
        while new:
            new = [int(child) for pid in new for child in _children(pid)]
            found += new
        return found


def name_of(pid: int) -> str:
    """What a process is called; nothing when there is none any more."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _children(pid: int) -> list[str]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [child for task in tasks for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


@contextmanager
def whole(
    data_dir: Path, *arguments: str, log_level: str = "info", settings: Mapping[str, str] | None = None
) -> Iterator[Whole]:
    """Run `up` (or what ``arguments`` say) for the length of the block, with these settings (variables) alone."""
    running = Whole(data_dir, *(arguments or ("up", "--port", "0")), log_level=log_level, settings=settings)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def fetch(url: str) -> Any:
    """The JSON at an address on loopback."""
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def until(condition: Any, patience: float = 180) -> None:
    """Wait until a condition holds. What cannot be asked for a moment (a page that is away) does not hold yet."""
    deadline = time.monotonic() + patience
    while True:
        trouble: OSError | None = None
        try:
            if condition():
                return
        except OSError as error:
            trouble = error
        if time.monotonic() > deadline:
            raise AssertionError("it does not come") from trouble
        time.sleep(0.05)
