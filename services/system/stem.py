"""The process that the parts of a system are forked from: ``python -m services.system.stem FD MODULE…``.

It has read the modules of all of them, which takes each some seconds when it does so by itself. It has no thread and
no event loop of its own, opens nothing and keeps nothing. FD is its end of a pair of sockets; it ends when the other
one is gone. Each message there asks for one part, with the file descriptors that this one gets, and is answered by its
process id; when a part ends, another message says so.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import orjson

from services.system.lean import stay_lean

__all__ = ["LONGEST", "main"]

LONGEST: Final = 1 << 16
"""Bytes of a message at most."""

_FDS: Final = 2
"""File descriptors with a message, at most: what the part reads as standard input, and a socket that listens."""
_HELD: Final = (signal.SIGINT, signal.SIGTERM)
"""Signals for the parts: whoever sends them to all processes of a system is not to take this one away first."""
_NAME: Final = 15
"""Characters of a process's name that Linux keeps."""


def main() -> None:
    """Be that process; in a part that was forked, be the part."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)  # before there are threads of libraries, which take it over
    # Python warns of any thread when it forks, from 3.12 on. Those here are of libraries that know of forks: OpenBLAS,
    # which ends its own before one, and the allocator of Arrow, which holds its locks through one.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    stay_lean()
    for module in sys.argv[2:]:
        import_module(f"{module}.__main__")
    gc.collect()
    gc.freeze()  # what was read stays, in memory that all of them share
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        part = _serve(asked)
    if part is not None:
        part()


def _serve(asked: socket.socket) -> Callable[[], None] | None:
    """Fork what is asked for. Gives None once nobody can ask; in a part, what it is to do."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        readable = select.select([asked.fileno(), woken], [], [])[0]
        if woken in readable:
            os.read(woken, 4096)
            _tell_ended(asked)
        if asked.fileno() not in readable:
            continue
        message, fds, _, _ = socket.recv_fds(asked, LONGEST, _FDS)
        if not message:
            return None
        wanted = orjson.loads(message)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(woken)
            os.close(wake)
            return partial(_be, wanted, fds)
        for fd in fds:
            os.close(fd)
        _say(asked, {"number": wanted["number"], "pid": pid})


def _tell_ended(asked: socket.socket) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _say(asked, {"ended": ended[0], "status": os.waitstatus_to_exitcode(ended[1])})


def _say(asked: socket.socket, message: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):
        asked.send(orjson.dumps(message))


def _be(wanted: dict[str, Any], fds: Sequence[int]) -> None:
    """Be a part, as if it had been started by itself."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(fds[0], 0)
    os.dup2(nothing, 1)
    os.close(fds[0])
    os.close(nothing)
    os.environ |= wanted["environment"]
    sys.argv = [wanted["module"], *wanted["arguments"], *map(str, fds[1:])]
    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"kib {wanted['name']}"[:_NAME], "utf-8")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    import_module(f"{wanted['module']}.__main__").main()


if __name__ == "__main__":
    main()
