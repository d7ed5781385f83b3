"""`kindinbeeld erase --search`: whether somebody's backups still hold a name; and how `erase` tells what it found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from services.system.errors import Finding, SystemUnavailable

__all__ = ["look_for", "say", "write_out"]


def look_for(places: list[Path], file: Path | None, whom: set[str] | None, proof: Path | None) -> None:
    """Look for these pupils' names in files: their pseudonyms, and of an export the households and ids too.

    Raises Finding where one still stands, SystemUnavailable where that cannot be told.
    """
    from dataclasses import asdict

    from services.erasure.naming import Names, learn
    from services.erasure.rewriting import note_indistinct
    from services.erasure.searching import look

    names = Names() if file is None else learn(file, whom)
    names.pupils |= dict.fromkeys(whom or (), "")
    if file is not None:
        note_indistinct(file, names)
    say(f"looked for: {names.counted}")
    looked = look(places, names.wanted, names.indistinct)
    write_out(asdict(looked), proof)
    if looked.files_left:
        raise Finding(f"an old name still stands in {len(looked.files_left)} of {looked.files_searched} files")
    if looked.files_unread:
        beside = f"; {looked.files_searched} files were searched"
        raise SystemUnavailable(f"{len(looked.files_unread)} files or directories cannot be looked into{beside}")
    if not looked.files_searched:
        raise SystemUnavailable("there was no file to search")


def write_out(described: dict[str, Any], proof: Path | None) -> None:
    """Print what was found, and write it to a file that only the user may read. Raises OSError."""
    from deploy.private_files import write_private

    text = json.dumps(described, indent=2)
    if proof is not None:
        write_private(proof, text + "\n")
    print(text)


def say(text: str) -> None:
    """Tell the user, beside what was asked for."""
    print(text, file=sys.stderr)
