"""PDF of a report, as a Chromium prints it."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from events.times import from_micros
from services.bench.browser import NoBrowser, find_chromium
from services.system import SystemUnavailable

__all__ = ["to_pdf"]

_PATIENCE: Final = 120
_MADE: Final = re.compile(rb"\(D:\d{14}([+-]\d\d'\d\d'|Z)\)")


def to_pdf(html: str, as_of: int) -> bytes:
    """Print a report. Its dates become K (microseconds): when it was printed says nothing of what is in it.

    Raises SystemUnavailable when no Chromium is there, or when it does not print.
    """
    try:
        chromium = find_chromium()
    except NoBrowser as why:
        raise SystemUnavailable(f"--output: for PDF a browser is needed: {why}; .html needs none") from None
    with TemporaryDirectory(prefix="kindinbeeld-") as temporary:
        place = Path(temporary)
        (place / "report.html").write_text(html, encoding="utf-8")
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={place / 'profile'}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # it refuses to run as root otherwise
        printed = place / "report.pdf"
        command = [chromium, *options, f"--print-to-pdf={printed}", (place / "report.html").as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True)
            content = printed.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise SystemUnavailable(f"--output: the browser did not print ({type(error).__name__})") from None
    return _dated(content, as_of)


def _dated(content: bytes, as_of: int) -> bytes:
    """Put K in the place of the dates, in as many bytes: the tables of a PDF count them."""
    at = f"(D:{from_micros(as_of).astimezone(UTC):%Y%m%d%H%M%S}".encode()

    def dated(found: re.Match[bytes]) -> bytes:
        return at + (b"Z)" if found[1] == b"Z" else b"+00'00')")

    return _MADE.sub(dated, content)
