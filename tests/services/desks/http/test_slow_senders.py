"""A sender that drags its feet loses its place and holds up nobody: the real server, bare connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx

from services.desks.http import Limits
from tests.services.desks.http.conftest import SOURCE, STRUCTURED, Serve, Served, report, send
from tests.services.desks.http.test_reporting import is_problem

HEAD = f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: {STRUCTURED}\r\n".encode()
SOON = Limits(header_seconds=0.5, body_seconds=0.5, idle_seconds=1)


def all_of(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    pieces = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return pieces
        if not piece:
            return pieces
        pieces += piece


def dripping(connection: socket.socket, content: bytes, every: float = 0.1) -> Callable[[], None]:
    """Send byte by byte in a thread until the server has enough; the function given ends it."""
    enough = threading.Event()

    def drip() -> None:
        try:
            for each in content:
                connection.sendall(bytes([each]))
                if enough.wait(every):
                    return
        except OSError:
            return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()

    def end() -> None:
        enough.set()
        thread.join(60)

    return end


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    finally:
        connection.settimeout(20)


def test_a_head_that_does_not_come_in_time_is_not_waited_for(serve: Serve) -> None:
    with serve(limits=SOON).connection() as connection:
        end = dripping(connection, HEAD * 10)
        assert all_of(connection).startswith(b"HTTP/1.1 408 ")
        end()


def test_a_connection_without_a_request_is_closed(serve: Serve) -> None:
    with serve(limits=SOON).connection() as connection:
        assert all_of(connection).startswith(b"HTTP/1.1 408 ")


def test_the_second_request_of_a_connection_is_waited_for_no_longer(serve: Serve) -> None:
    body = json.dumps(report(1)).encode()
    with serve(limits=SOON).connection() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
        end = dripping(connection, HEAD * 10)
        assert b"HTTP/1.1 408 " in all_of(connection)
        end()


def test_a_body_that_does_not_come_in_time_is_not_waited_for(serve: Serve) -> None:
    served = serve(limits=SOON)
    for length in (b"Content-Length: 500\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
        with served.connection() as connection:
            connection.sendall(HEAD + length)
            end = dripping(connection, b"1\r\n \r\n" * 100)
            answer = all_of(connection)
            end()
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"application/problem+json" in answer
    assert served.desk.rejected() == []


def test_a_request_cut_off_is_not_taken_in(serve: Serve) -> None:
    served = serve()
    body = json.dumps(report(1)).encode()
    with served.connection() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) + 1) + body)
        time.sleep(0.1)
    assert send(served.client(), report(2)).status_code == 201
    assert [each.id for each in served.desk.reports(SOURCE)] == ["event-2"]
    assert served.desk.rejected() == []


def slow(served: Served, key: str, content: bytes) -> socket.socket:
    connection = served.connection()
    connection.sendall(
        HEAD + b"Authorization: Bearer " + key.encode() + b"\r\nContent-Length: %d\r\n\r\n" % 100_000 + content
    )
    return connection


def test_hundreds_of_slow_senders_hold_up_nobody(serve: Serve) -> None:
    served = serve(keys=True)
    key = served.key(SOURCE)
    heads = [served.connection() for _ in range(150)]
    for connection in heads:
        connection.sendall(HEAD)
    bodies = [slow(served, key, b" ") for _ in range(150)]
    client = served.client(served.key(SOURCE))
    for number in range(20):
        assert send(client, report(number)).status_code == 201
    assert all(is_open(connection) for connection in (*heads, *bodies))
    for connection in (*heads, *bodies):
        connection.close()


def test_one_key_has_only_so_many_requests_under_way(serve: Serve) -> None:
    served = serve(keys=True, limits=Limits(at_once=3))
    key = served.key(SOURCE)
    bodies = [slow(served, key, b" ") for _ in range(3)]
    client, other = served.client(key), served.client(served.key(SOURCE))
    wait_until(lambda: send(client, report(1)).status_code == 429)
    assert send(other, report(1)).status_code == 201
    for connection in bodies:
        connection.close()
    wait_until(lambda: send(client, report(1)).status_code == 200)


def test_unfinished_bodies_have_a_bound_together(serve: Serve) -> None:
    served = serve(keys=True, limits=Limits(held_bytes=1000))
    key = served.key(SOURCE)
    first = slow(served, key, b" " * 800)
    client = served.client(served.key(SOURCE))

    def in_pieces() -> httpx.Response:
        def pieces() -> Iterator[bytes]:
            body = json.dumps(report(1)).encode()
            yield body[:100]
            time.sleep(0.05)
            yield body[100:]

        return client.post("/v1/events", content=pieces(), headers={"Content-Type": STRUCTURED})

    wait_until(lambda: in_pieces().status_code == 503)
    answer = in_pieces()
    assert is_problem(answer, 503)["detail"] == "Too many bodies are on their way."
    assert answer.headers["retry-after"] == "1"
    first.close()
    wait_until(lambda: in_pieces().status_code in (200, 201))


def test_requests_given_one_behind_the_other_are_each_answered(serve: Serve) -> None:
    requests = b""
    for number in range(5):
        body = json.dumps(report(number)).encode()
        close = b"Connection: close\r\n" if number == 4 else b""
        requests += HEAD + close + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with serve(limits=SOON).connection() as connection:
        connection.sendall(requests)
        assert all_of(connection).count(b"HTTP/1.1 201 ") == 5


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
