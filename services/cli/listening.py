"""Listening where a command is told to, before anything else is done."""

from __future__ import annotations

import socket

from services.system.errors import SystemUnavailable


def listen(host: str, port: int) -> socket.socket:
    """Take a port of `host`, 0 for any free one. Raises SystemUnavailable when that is not possible."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise SystemUnavailable(f"cannot listen on port {port} of {host}: {error.strerror}") from None
    return listening
