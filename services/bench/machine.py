"""On what was measured: processors, versions, the place of the files, and how busy the machine was already."""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("ieder-kind-in-beeld", "duckdb", "eventsourcing", "nats-py", "pydantic", "pyarrow")


def processors() -> int:
    """Give how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float | None:
    """Give the load of the last minute: how many processes wanted a processor; None where that cannot be told."""
    with suppress(OSError, AttributeError):
        return os.getloadavg()[0]
    return None


def describe(directory: Path) -> dict[str, str]:
    """Describe the machine; `directory` is where the files of the benchmark lie."""
    described = {
        "processors": f"{processors()} ({_processor()})",
        "system": f"{platform.system()} {platform.machine()}",
    }
    if memory := _memory():
        described["memory"] = memory
    if kind := _file_system(directory):
        described["file system"] = kind
    if (busy := load()) is not None:
        described["load before"] = f"{busy:.1f}"
    return described | {"Python": platform.python_version(), "nats-server": _nats_server()} | _versions()


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _nats_server() -> str:
    from deploy.nats_server import NatsServerError, find_binary

    with suppress(NatsServerError, OSError, subprocess.SubprocessError):
        said = subprocess.run([str(find_binary()), "--version"], capture_output=True, text=True, timeout=10, check=True)
        return said.stdout.strip().rpartition(" ")[2].lstrip("v")
    return "unknown"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    with suppress(OSError, ValueError, AttributeError):
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
    return ""


def _file_system(directory: Path) -> str:
    """Give the kind of file system: a ledger in memory (tmpfs) would not be one on a disk."""
    found = ""
    with suppress(OSError):
        longest = -1
        for line in Path("/proc/self/mounts").read_text().splitlines():
            _, point, kind, *_ = line.split()
            if directory.resolve().is_relative_to(point) and len(point) > longest:
                longest, found = len(point), kind
    return found
