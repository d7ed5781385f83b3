"""A real Prometheus on loopback, reading what it is told to every second."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Give the labels and the value of each series. Raises AssertionError when Prometheus refuses the query."""
        answer = httpx.post(f"{self.url}/api/v1/query", data={"query": query}, timeout=60).json()
        assert answer["status"] == "success", answer
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]


def program(name: str) -> str:
    """Give the path of `prometheus` or `promtool`; skips where there is none, and fails where there has to be one."""
    if found := shutil.which(name):
        return found
    if os.environ.get("CI") or os.environ.get("KINDINBEELD_REQUIRE_PROMETHEUS"):
        raise AssertionError(f"there is no {name}")
    pytest.skip(f"there is no {name} (Debian: apt-get install prometheus)")


@contextmanager
def running_prometheus(place: Path, jobs: dict[str, list[tuple[str, dict[str, str]]]]) -> Iterator[Prometheus]:
    """Run one that reads these jobs, each a list of addresses (host and port) with their labels."""
    path = program("prometheus")
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": job,
                "honor_labels": True,
                "static_configs": [{"targets": [address], "labels": labels} for address, labels in targets],
            }
            for job, targets in jobs.items()
        ],
    }
    file = place / "prometheus.yml"
    file.write_text(json.dumps(config))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    arguments = [f"--config.file={file}", f"--storage.tsdb.path={place / 'data'}", f"--web.listen-address={address}"]
    with (place / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([path, *arguments, "--log.level=warn"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                if httpx.get(f"http://{address}/-/ready", timeout=60).status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None, (place / "prometheus.log").read_text()
            assert time.monotonic() < deadline, "Prometheus does not start"
            time.sleep(0.1)
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(60)
