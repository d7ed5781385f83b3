"""From the number of a pupil to a pseudonym: keyed hashing, so that a chain means one child and names none.

HMAC-SHA-256 (RFC 2104, FIPS 180-4) under one key that the organisations of a chain share. A pseudonym is the base64url
of the first 18 bytes: 24 characters of the contract's alphabet, never nine digits. Without the key it says nothing;
with the key every possible number can be tried, so the key is what is to be guarded (docs/pseudonyms.md).
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import stat
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from stdnum.exceptions import ValidationError
from stdnum.nl import bsn

from events.errors import Rejected

__all__ = ["PseudonymKeyError", "Pseudonyms", "new_pseudonym_key"]

ALGORITHM: Final = "HMAC-SHA-256"
KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 18

BSN_FORM_RULE: Final = "must be a BSN of eight or nine digits that passes the eleven-test"
LOCAL_NUMBER_RULE: Final = "must be 1 to 40 letters, digits or any of . _ / -"
LOCAL_IS_BSN_RULE: Final = "must not be a BSN given as a local number (nine digits that pass the eleven-test)"
ISSUER_RULE: Final = "must be the code of who gave the number out: 2 to 20 letters or digits, such as 06KR00 or GM0014"

_BSN: Final = re.compile(r"[0-9]{8,9}")
_LOCAL: Final = re.compile(r"[0-9A-Z._/-]{1,40}")
_ISSUER: Final = re.compile(r"[0-9A-Z]{2,20}")
_SPACES: Final = re.compile(r"\s+")


class PseudonymKeyError(Exception):
    """A key file cannot be made or used; says why in one line, never anything of the key."""


class Pseudonyms:
    """Makes pseudonyms under one key. Holds the key in memory and shows it nowhere."""

    def __init__(self, key: bytes) -> None:
        """Take the key: 32 bytes or more. Raises ValueError for a shorter one."""
        if len(key) < KEY_BYTES:
            raise ValueError(f"a key of at least {KEY_BYTES} bytes")
        self._key = key

    def __repr__(self) -> str:
        return f"Pseudonyms(key_id={self.key_id!r})"

    @property
    def key_id(self) -> str:
        """Eight characters by which organisations see that they hold the same key; it tells nothing of the key."""
        return self._hash("key-id", "")[:8]

    def of_bsn(self, number: str, field: str = "number") -> str:
        """Give the pseudonym of the child with this BSN; blanks, dots, hyphens and a missing leading zero are borne.

        Raises `Rejected` on `field`, without the number, when it fails the eleven-test.
        """
        digits = _bare(number).replace(".", "").replace("-", "")
        if _BSN.fullmatch(digits) is not None:
            try:
                valid = bsn.validate(digits)
            except ValidationError:
                pass
            else:
                return self._hash("bsn", valid)
        raise Rejected(field, BSN_FORM_RULE)

    def of_local(self, number: str, issuer: str, field: str = "number", issuer_field: str = "issuer") -> str:
        """Give the pseudonym of the child that `issuer` (a school, a municipality) knows by a number of its own.

        Letters count as capitals, and zeros before a number of only digits do not count: a spreadsheet loses them. It
        never equals the pseudonym of a BSN or that of another issuer's number. Raises `Rejected`, without the number.
        """
        return self._hash("local", _local(number, issuer, field, issuer_field))

    def of_household(self, number: str, issuer: str, field: str = "number", issuer_field: str = "issuer") -> str:
        """Give the pseudonym of the household that `issuer` (a municipality, say) knows by a number of its own.

        Read as in `of_local`, and never equal to the pseudonym of a child. Raises `Rejected`, without the number.
        """
        return self._hash("household", _local(number, issuer, field, issuer_field))

    def _hash(self, space: str, value: str) -> str:
        mac = hmac.digest(self._key, f"kindinbeeld\0{space}\0{value}".encode(), sha256)
        return urlsafe_b64encode(mac[:PSEUDONYM_BYTES]).decode()

    @classmethod
    def from_file(cls, path: Path | str) -> Self:
        """Read the key that `new_pseudonym_key` made.

        Raises PseudonymKeyError when the file is not there, is no key, or may be read by others than its owner.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(4096)
        except OSError as error:
            raise PseudonymKeyError(f"the key file cannot be read: {error.strerror}") from None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise PseudonymKeyError("the key file may be read by others: give it mode 600")
        made = _parse(text)
        if made is None:
            raise PseudonymKeyError("the key file does not hold a key, or not all of it")
        key, key_id = made
        pseudonyms = cls(key)
        if pseudonyms.key_id != key_id:
            raise PseudonymKeyError("the key in the key file is not the one that its id names: it was damaged")
        return pseudonyms


def new_pseudonym_key(path: Path | str) -> Pseudonyms:
    """Make a key of 32 random bytes in a new file of mode 600; it is shown nowhere.

    Raises PseudonymKeyError when the file is there already (a key overwritten is a chain broken) or cannot be written.
    """
    path = Path(path)
    key = secrets.token_bytes(KEY_BYTES)
    pseudonyms = Pseudonyms(key)
    held = {"algorithm": ALGORITHM, "id": pseudonyms.key_id, "key": urlsafe_b64encode(key).decode()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(held, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise PseudonymKeyError("there is a file of this name already; a key is never overwritten") from None
    except OSError as error:
        raise PseudonymKeyError(f"the key file cannot be written: {error.strerror}") from None
    return pseudonyms


def _bare(text: str) -> str:
    """Give a number as it counts: compatible forms made one (NFKC), no blanks, capitals."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", text)).upper()


def _local(number: str, issuer: str, field: str, issuer_field: str) -> str:
    """Give a number and who gave it out as they count."""
    code, local = _bare(issuer), _bare(number)
    if _ISSUER.fullmatch(code) is None:
        raise Rejected(issuer_field, ISSUER_RULE)
    if _LOCAL.fullmatch(local) is None:
        raise Rejected(field, LOCAL_NUMBER_RULE)
    if local.isdigit():
        if len(local) == 9 and bsn.is_valid(local):
            raise Rejected(field, LOCAL_IS_BSN_RULE)
        local = local.lstrip("0") or "0"
    return f"{code}\0{local}"


def _parse(text: bytes) -> tuple[bytes, str] | None:
    try:
        held = json.loads(text)
        if held["algorithm"] != ALGORITHM:
            return None
        key, key_id = urlsafe_b64decode(held["key"]), held["id"]
    except (ValueError, KeyError, TypeError):
        return None
    return (key, key_id) if len(key) >= KEY_BYTES and isinstance(key_id, str) else None
