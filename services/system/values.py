"""Reading the values of settings: each function gives a value, or raises ValueError with the rule in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from deploy.nats_address import NatsAddress

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_ROLE: Final = re.compile(r"national|evaluator|region:VR\d{2}|municipality:GM\d{4}")
_BYTES_OF: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
SECONDS_OF: Final = {"s": 1, "m": 60, "h": 3600}
"""How many seconds the units of a duration are."""


def seconds(duration: str) -> int:
    """Give the seconds of a duration that `duration_or` read, or of "0"."""
    return 0 if duration == "0" else int(duration[:-1]) * SECONDS_OF[duration[-1]]


def text(raw: str) -> str:
    """Read a text that is not empty."""
    if not raw.strip():
        raise ValueError("a text that is not empty")
    return raw.strip()


def file(raw: str) -> str:
    """Read the path of a file that is there."""
    path = Path(raw.strip()).expanduser().absolute()
    if not path.is_file():
        raise ValueError("the path of a file")
    return str(path)


def address(raw: str) -> str:
    """Read the address of a ledger."""
    NatsAddress.parse(raw)
    return raw.strip()


def database(raw: str) -> str:
    """Read the address of a PostgreSQL database."""
    rule = "an address of a PostgreSQL database, postgresql://user@host/database"
    if not raw.strip().startswith(("postgresql://", "postgres://")):
        raise ValueError(rule)
    from psycopg import ProgrammingError  # only where it is used: the command line answers without it
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(raw.strip())
    except ProgrammingError:  # its words hold the address
        raise ValueError(rule) from None
    return raw.strip()


def web_address(raw: str) -> str:
    """Read an address on the web, https unless it is on this machine."""
    found = urlsplit(raw.strip())
    local = found.hostname in ("127.0.0.1", "localhost", "::1")
    if not found.hostname or not (found.scheme == "https" or (found.scheme == "http" and local)):
        raise ValueError("an address that begins with https:// (http:// on this machine only)")
    if found.query or found.fragment or found.username:
        raise ValueError("an address without a user, a query or a fragment")
    return raw.strip()


def roles(raw: str) -> Mapping[str, str]:
    """Read which values of a claim give which role."""
    pairs = [each.strip().rpartition("=") for each in raw.split(",") if each.strip()]
    if not pairs or not all(value and _ROLE.fullmatch(role) for value, _, role in pairs):
        raise ValueError("a list such as `group=national, other=region:VR01, third=municipality:GM0014`")
    return {value.strip(): role for value, _, role in pairs}


def site(raw: str) -> str:
    """Read the address of a whole site."""
    address = web_address(raw)
    if urlsplit(address).path.strip("/"):
        raise ValueError("the address of a whole site, without a path")
    return address.rstrip("/") + "/"


def hosts(raw: str) -> tuple[str, ...]:
    """Read names or IPv4 addresses of hosts, without ports."""
    found = tuple(each.strip().lower() for each in raw.split(",") if each.strip())
    if not found or not all(_HOST.fullmatch(each) for each in found):
        raise ValueError("names of hosts or IPv4 addresses, with commas, without ports")
    return found


def mail(raw: str) -> str:
    """Read an address of mail."""
    name, _, host = raw.strip().partition("@")
    if not name or not host or not raw.strip().isprintable() or set(name + host) & set(' <>"@'):
        raise ValueError("an address of mail")
    return raw.strip()


def whole(low: int, high: int) -> Callable[[str], int]:
    """Make a reader of a whole number."""

    def read(raw: str) -> int:
        rule = f"a whole number from {low} to {high}"
        try:
            number = int(raw)
        except ValueError:
            raise ValueError(rule) from None
        if not low <= number <= high:
            raise ValueError(rule)
        return number

    return read


def size(raw: str) -> int:
    """Read a number of bytes: a whole number of MB, GB or TB."""
    number, unit = raw.strip()[:-2], raw.strip()[-2:].upper()
    if not (number.isdecimal() and number.isascii() and int(number) > 0 and unit in _BYTES_OF):
        raise ValueError("a size such as 500MB, 200GB or 2TB")
    return int(number) * _BYTES_OF[unit]


def one_of(*allowed: str) -> Callable[[str], str]:
    """Make a reader of one of a few words."""

    def read(raw: str) -> str:
        if raw.strip().lower() not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return raw.strip().lower()

    return read


def yes_or_no(raw: str) -> bool:
    """Read a yes or a no."""
    return one_of("yes", "no")(raw) == "yes"


def duration_or(word: str) -> Callable[[str], str]:
    """Make a reader of a duration such as `90s`, `10m` or `2h`, or of a word in its place."""

    def read(raw: str) -> str:
        value = raw.strip().lower()
        if value != word and not (value[:-1].isdecimal() and value[-1:] in SECONDS_OF and int(value[:-1]) > 0):
            raise ValueError(f"`{word}`, or a whole number followed by s, m or h")
        return value

    return read
