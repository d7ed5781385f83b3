"""Who comes to a ledger's servers in plain text, or without a certificate where one is asked for, is not heard."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.certificates import Authority
from deploy.cluster import kept_passwords
from tests.support.cluster import Cluster

USERS = {"clients": "reader", "routes": "cluster", "leaves": "school"}
"""Who comes to each of a server's ports, which are in this order."""
Way = Callable[[str | None], ssl.SSLContext]


@pytest.fixture(scope="module")
def way(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Way:
    """How TLS is spoken: with no certificate, one of this ledger's authority, or one of another of the same name."""
    places = {"ours": cluster.directory, "another's": tmp_path_factory.mktemp("another")}

    def speak(whose: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(cluster.directory / "ca.pem"))
        if whose is not None:
            place: Path = tmp_path_factory.mktemp("shown")
            certificate, key = Authority(places[whose]).issue("nats-1", ["127.0.0.1"])
            (place / "pem").write_text(certificate)
            (place / "key").write_text(key)
            context.load_cert_chain(place / "pem", place / "key")
        return context

    return speak


def answered(cluster: Cluster, to: str, context: ssl.SSLContext | None, *, seconds: float = 60) -> bool:
    """Whether a server answers somebody who knows the right user and password, at one of its ports."""
    user = USERS[to]
    said = {"verbose": False, "user": user, "pass": kept_passwords(cluster.directory)[user], "name": "x", "protocol": 1}
    port = cluster.servers[0].ports[list(USERS).index(to)]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        if to != "routes":  # between servers nothing is said before TLS
            assert json.loads(plain.recv(65536).removeprefix(b"INFO "))["tls_required"]
        heard = b""
        # With TLS 1.3 a client learns only by what comes after its own handshake that it is not trusted.
        with contextlib.suppress(OSError):
            channel = plain if context is None else context.wrap_socket(plain, server_hostname="127.0.0.1")
            with channel:
                channel.settimeout(seconds)
                channel.sendall(f"CONNECT {json.dumps(said)}\r\nPING\r\n".encode())
                while not any(word in heard for word in (b"PONG", b"INFO")) and (more := channel.recv(65536)):
                    heard += more
        return b"PONG" in heard or b"INFO" in heard


@pytest.mark.parametrize("to", USERS)
def test_nobody_is_heard_in_plain_text(cluster: Cluster, way: Way, to: str) -> None:
    assert not answered(cluster, to, None, seconds=10)
    assert answered(cluster, to, way("ours")), "it was not for what was said"


@pytest.mark.parametrize("to", ["routes", "leaves"])
@pytest.mark.parametrize("whose", [None, "another's"])
def test_no_server_is_heard_without_a_certificate_of_the_authority(
    cluster: Cluster, way: Way, to: str, whose: str | None
) -> None:
    assert not answered(cluster, to, way(whose))
