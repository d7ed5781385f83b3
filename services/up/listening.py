"""Taking the ports of a system's parts before anything is started: the child that serves one inherits it."""

from __future__ import annotations

import socket

from services.system import SystemUnavailable

__all__ = ["listen", "url_of"]


def listen(port: int, instead: str) -> socket.socket:
    """Listen on a port of loopback, 0 for any free one; `instead` says how another one is chosen.

    The child that serves it inherits it, also when it is started again. Raises SystemUnavailable when it is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise SystemUnavailable(
            f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); choose another with {instead}"
        ) from None
    listening.listen(1024)
    return listening


def url_of(listening: socket.socket) -> str:
    """Give where the part that serves this socket is found."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}/"
