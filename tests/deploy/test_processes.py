"""Whether a process runs: one that has ended does not, also before its parent has asked after it."""

from __future__ import annotations

import os
import subprocess
import sys

from deploy.processes import lives


def test_a_process_lives_until_it_has_ended_not_until_its_parent_asks() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert lives(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process.returncode is None
    assert not lives(process.pid)
    process.communicate()
    assert not lives(process.pid)
