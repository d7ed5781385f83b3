from pathlib import Path

import pytest

from events import read_lines

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"


@pytest.fixture(scope="session")
def golden_lines() -> list[tuple[str, bytes]]:
    """Every event of the golden histories with its place; skips where they are not there."""
    if not GOLDEN.is_dir():
        pytest.skip("the golden histories are not beside the repository")
    return [
        (f"{path.name}:{number}", line) for path in sorted(GOLDEN.glob("*.ndjson")) for number, line in read_lines(path)
    ]
