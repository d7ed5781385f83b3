"""Logs: JSON lines on standard error, standard output left to what was asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SAY = """
import logging, sys, structlog
from services.system import Settings
from services.system.logs import configure_logging
configure_logging(Settings(log_format=sys.argv[1], log_level=sys.argv[2]))
log = structlog.get_logger("ours")
log.info("import ended", read=3)
log.warning("the ledger is away")
logging.getLogger("library").info("a whole message")
logging.getLogger("library").warning("trouble")
"""


def said(form: str, level: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SAY, form, level], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_lines_by_default_where_nobody_watches() -> None:
    rows = [json.loads(line) for line in said("auto", "info")]
    assert [row["event"] for row in rows] == ["import ended", "the ledger is away", "trouble"]
    assert rows[0]["read"] == 3
    assert all(row["timestamp"].endswith("Z") for row in rows)
    assert [row["level"] for row in rows] == ["info", "warning", "warning"]


def test_the_level_is_a_setting() -> None:
    assert [json.loads(line)["event"] for line in said("json", "warning")] == ["the ledger is away", "trouble"]


def test_the_console_form_is_to_be_read() -> None:
    lines = said("console", "info")
    assert "import ended" in lines[0]
    assert not lines[0].startswith("{")


BREAK = """
import logging, sys
from services.system import Settings
from services.system.logs import configure_logging
configure_logging(Settings(log_format=sys.argv[1], log_level="info"))
whom = "zeer-geheime" + "-leerling"
try:
    len(whom) / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("trouble")
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_breaks_in_a_library_is_told_without_the_values_of_variables(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", BREAK, form], capture_output=True, text=True, check=True)
    assert "trouble" in done.stderr
    assert "zeer-geheime-leerling" not in done.stderr
    assert ("ZeroDivisionError" in done.stderr) or form == "json"
