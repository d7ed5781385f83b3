"""List the silent schools in a process of its own: ``python -m services.reminders DATA_DIR WEEK AS_OF``.

The live view starts it when it is asked, so that neither its fold nor its answers wait for the replay. Writes JSON to
standard output; ends with status 3 when the ledger does not answer.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.reminders.silence import silent_schools
from services.system import DataDir, find_system
from services.system.beside import answer_once, run_beside


def main() -> int:
    """List them, with the rights of one who only reads."""
    path, week, as_of = sys.argv[1:]

    def find() -> list[dict[str, Any]]:
        return [asdict(each) for each in silent_schools(find_system(DataDir(Path(path))), week, int(as_of))]

    return answer_once(find, "the silent schools cannot be listed")


if __name__ == "__main__":
    run_beside(main)
