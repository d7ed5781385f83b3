"""Processes that a benchmark starts: measured, and always ended by their own ids."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.bench.figures import NotMeasured

COMMAND: Final = (sys.executable, "-c", "from services.cli import main; main()")
"""The command line `kindinbeeld`, as its own script starts it."""

LONGEST: Final = 3600.0
"""Seconds that any one process may take."""
_LOOK: Final = 0.02
_PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Run:
    """What a process that came to its end took. Memory in bytes, None where it cannot be seen."""

    seconds: float
    processor_seconds: float
    peak_memory: int | None
    read: int
    """How many events it says that it read; 0 when it does not say."""

    @property
    def memory(self) -> str:
        """Its memory behind a note, with a comma before it; empty where it cannot be seen."""
        return "" if self.peak_memory is None else f", {self.peak_memory / 1e6:,.0f} MB"

    @property
    def note(self) -> str:
        """What it took, for who reads the results."""
        return f"{self.processor_seconds:.1f} s of processor time{self.memory}"


def environment(data_dir: Path, extra: Mapping[str, str] = {}) -> dict[str, str]:
    """Give the environment of a measured process: without the settings of whoever runs the benchmark."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KINDINBEELD_")}
    return {**kept, "KINDINBEELD_DATA_DIR": str(data_dir), **extra}


def run(arguments: Sequence[str | Path], data_dir: Path) -> Run:
    """Run `kindinbeeld` with these arguments to its end, its output thrown away.

    Raises NotMeasured when it does not end well.
    """
    processor_before = _processor_seconds()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(data_dir),
        text=True,
        start_new_session=True,
    )
    try:
        with Usage(process.pid) as usage:
            _, said = process.communicate(timeout=LONGEST)
            seconds = time.perf_counter() - begun
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"{arguments[0]} took more than {LONGEST:.0f} seconds") from None
    finally:
        if process.poll() is None:
            # With the processes that it started itself: they are in its group, and nobody else is.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    lines = said.strip().splitlines()
    if process.returncode:
        raise NotMeasured(
            f"{arguments[0]} ended with status {process.returncode}: {lines[-1] if lines else 'silently'}"
        )
    return Run(seconds, _processor_seconds() - processor_before, usage.peak, _read(lines))


@contextmanager
def running(
    command: Sequence[str],
    data_dir: Path,
    log: Path,
    extra: Mapping[str, str] = {},
) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a process running, with a pipe to read its output from; what it logs goes to a file.

    It is asked to end (SIGTERM) with the block, and ended by force when it takes too long.
    """
    with log.open("wb") as logged:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=logged,
            env=environment(data_dir, extra),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _read(lines: Sequence[str]) -> int:
    found = re.match(r"read (\d+),", lines[-1] if lines else "")
    return int(found[1]) if found else 0


class Usage:
    """Watches what a process and its descendants use together, where `/proc` tells it (Linux).

    Pages that several of them share are counted once for each: the figure is never too low.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="usage", daemon=True)
        self._processor: dict[int, float] = {}
        self.peak: int | None = None
        """The most memory that they held, in bytes; None where it cannot be seen."""

    def __enter__(self) -> Usage:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def processor_seconds(self) -> float:
        """The processor time that they used, as far as it was seen."""
        return sum(self._processor.values())

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            held = 0
            for pid in with_descendants(self._pid):
                with suppress(OSError, ValueError, IndexError):
                    self._processor[pid], resident = _used(pid)
                    held += resident
            if held:
                self.peak = max(self.peak or 0, held)


def processor_seconds_of(pids: Sequence[int]) -> float:
    """Give the processor time that processes have used up to now. Raises OSError when one is not there."""
    return sum(_used(pid)[0] for pid in pids)


def resident_bytes_of(pids: Sequence[int]) -> int:
    """Give the memory that processes hold, pages that they share counted for each. Raises OSError likewise."""
    return sum(_used(pid)[1] for pid in pids)


def _used(pid: int) -> tuple[float, int]:
    # Behind the name, which may hold anything: user and system time 12th and 13th, pages 22nd.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds, int(fields[21]) * os.sysconf("SC_PAGE_SIZE")


def with_descendants(pid: int) -> Iterator[int]:
    """Give a process and all that descend from it, where `/proc` tells it (Linux)."""
    yield pid
    paths: list[Path] = []
    with suppress(OSError):  # it may end meanwhile
        paths += Path(f"/proc/{pid}/task").glob("*/children")
    for path in paths:
        with suppress(OSError, ValueError):
            for child in path.read_text().split():
                yield from with_descendants(int(child))


def _processor_seconds() -> float:
    """Processor time of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system
