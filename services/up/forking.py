"""Starting parts by forking them from one process that has read their modules, where the platform can."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import orjson

from services.system.stem import LONGEST

__all__ = ["CAN_FORK", "Forked", "Stem"]

CAN_FORK: Final = sys.platform == "linux"
"""Elsewhere a process that has read libraries may not be forked, or cannot be."""

_TRIES: Final = 2


class Forked:
    """A part that runs: of asyncio's `Process` what a part needs."""

    def __init__(self, pid: int, stdin: int) -> None:
        """`stdin`: our end of the pipe by whose end it learns that we are gone."""
        self.pid = pid
        self.returncode: int | None = None
        self._stdin = stdin
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        """Wait for its end; give its status, or the negative number of the signal that ended it."""
        await self._ended.wait()
        assert self.returncode is not None  # noqa: S101 - see `end`
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it by force."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self, status: int) -> None:
        """Note that it has ended."""
        self.returncode = status
        os.close(self._stdin)
        self._ended.set()


class Stem:
    """Our side of the process that parts are forked from. Used on one event loop."""

    def __init__(self, modules: Sequence[str]) -> None:
        """`modules`: those that it reads, which parts are made of."""
        self._modules = modules
        self._process: Process | None = None
        self._socket: socket.socket | None = None
        self._parts: dict[int, Forked] = {}
        self._turn = asyncio.Lock()
        self._asked = 0
        self._born: tuple[asyncio.Future[Forked], int] | None = None
        """Who waits for what was asked for last, and our end of its pipe; None once it has come."""

    async def begin(self) -> None:
        """Start it, unless it runs; it is not waited for."""
        if self._socket is not None:
            return
        if self._process is not None:
            await self._process.wait()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            number = theirs.fileno()
            command = (sys.executable, "-m", "services.system.stem", str(number), *self._modules)
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command, stdin=DEVNULL, stdout=DEVNULL, pass_fds=(number,), start_new_session=True
                )
            except BaseException:
                ours.close()
                raise
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._hear)

    async def fork(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        listening: socket.socket | None,
    ) -> Forked:
        """Start a part: a module's `main`, with these arguments and, behind them, the number of the socket.

        Raises ConnectionError when the process it is forked from ends each time before it is.
        """
        wanted = {"name": name, "module": module, "arguments": list(arguments), "environment": dict(environment)}
        async with self._turn:
            for again in range(_TRIES - 1, -1, -1):
                try:
                    return await self._ask(wanted, [] if listening is None else [listening.fileno()])
                except ConnectionError:
                    self._lose()
                    if not again:
                        raise
        raise AssertionError

    async def stop(self) -> None:
        """End it. Parts that run still end by themselves, for their pipes are closed."""
        self._lose()
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()

    async def _ask(self, wanted: Mapping[str, Any], fds: Sequence[int]) -> Forked:
        await self.begin()
        assert self._socket is not None  # noqa: S101 - just begun
        self._asked += 1
        given, stdin = os.pipe()
        coming: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._born = coming, stdin
        try:
            socket.send_fds(self._socket, [orjson.dumps({**wanted, "number": self._asked})], [given, *fds])
            return await coming
        finally:
            os.close(given)
            if self._born is not None:
                os.close(stdin)  # if it comes all the same, it ends by this
                self._born = None

    def _hear(self) -> None:
        assert self._socket is not None  # noqa: S101 - it is what is heard
        try:
            message = self._socket.recv(LONGEST)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._lose()
            return
        told = orjson.loads(message)
        if "ended" in told:
            if (part := self._parts.pop(told["ended"], None)) is not None:
                part.end(told["status"])
        elif told["number"] == self._asked and self._born is not None:
            (coming, stdin), self._born = self._born, None
            part = self._parts[told["pid"]] = Forked(told["pid"], stdin)
            if not coming.done():
                coming.set_result(part)

    def _lose(self) -> None:
        """It is gone: nobody tells when its parts end, so they are ended now."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        for part in self._parts.values():
            part.kill()
            part.end(-signal.SIGKILL)
        self._parts.clear()
        if self._born is not None and not self._born[0].done():
            self._born[0].set_exception(ConnectionResetError("the process that parts are forked from has ended"))
