"""Measures the search for erased names over files like a ledger's: `python -m tests.services.erasure.measure_search`.

Arguments: how many names (a third pseudonyms, the rest ids) and how many MB of files, in a directory that is removed.
"""

from __future__ import annotations

import json
import resource
import secrets
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from services.erasure.matching import Wanted
from services.erasure.searching import look
from tests.services.erasure.test_erase import lost

_EVENTS = 100_000
"""Events that differ; of those a file is made again and again."""


def measure(names: int, megabytes: int) -> dict[str, float]:
    """Give seconds, also of processor time, and MB of memory at most; none of the names is in the files."""
    old = [*(secrets.token_urlsafe(18) for _ in range(names // 3)), *(str(uuid4()) for _ in range(names - names // 3))]
    lines = (
        lost(str(uuid4()), "2020-03-18T09:00:00Z", secrets.token_urlsafe(18), secrets.token_urlsafe(18))
        for _ in range(_EVENTS)
    )
    text = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    with tempfile.TemporaryDirectory() as place:
        for number in range(megabytes * 1_000_000 // len(text)):
            (Path(place) / f"{number}.ndjson").write_bytes(text)
        written = sum(path.stat().st_size for path in Path(place).iterdir())
        begun, spent = time.perf_counter(), time.process_time()
        wanted = Wanted(old)
        made = time.perf_counter()
        looked = look([Path(place)], wanted)
        assert not looked.files_left
        assert not looked.files_unread
        return {
            "names": names,
            "files": looked.files_searched,
            "megabytes": round(written / 1e6),
            "seconds_to_prepare": round(made - begun, 1),
            "seconds": round(time.perf_counter() - begun, 1),
            "processor_seconds": round(time.process_time() - spent, 1),
            "peak_memory_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
        }


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
