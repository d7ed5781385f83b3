"""Nothing about a person is said in a log, an error or an address, whatever comes in."""

from __future__ import annotations

import json
import logging
import sqlite3
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.system.logs import configure_logging
from tests.services.desks.http.conftest import BATCHED, SOURCE, Serve, report, send
from tests.services.desks.http.test_reporting import is_problem
from tests.services.desks.http.test_slow_senders import all_of

PUPIL = "zeer-geheime-leerling"


def test_no_log_line_and_no_error_holds_what_was_sent(
    serve: Serve, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging()
    try:
        served = serve(log_level="debug")
        client = served.client()
        errors = ""
        good = {**report(1, pupil=PUPIL), "id": f"id-{PUPIL}"}
        assert send(client, good).status_code == 201
        bad: list[Any] = [
            {**good, "data": {**good["data"], "school": PUPIL}},
            {**good, "id": PUPIL * 9},
            {**good, "type": PUPIL},
            {**good, "source": f"urn:{PUPIL}"},
            {PUPIL: PUPIL},
            PUPIL,
            f'{{"{PUPIL}": '.encode(),
            {**good, "data": {**good["data"], "sector": "vo"}},
        ]
        for each in bad:
            errors += send(client, each).text
        errors += send(client, bad[:1] + bad[4:6], BATCHED).text
        errors += send(client, f"[{PUPIL}".encode(), BATCHED).text
        errors += send(client, good["data"], "application/json", ce_id=f"%ff{PUPIL}").text
        errors += send(client, good["data"], "application/json", **{f"ce-{PUPIL}": "x"}).text
        errors += send(client, good["data"], "application/json", ce_id=PUPIL, ce_type=PUPIL).text
        errors += send(client, good, PUPIL).text
        errors += client.get(f"/v1/events/{SOURCE}/{PUPIL}").text
        errors += client.get(f"/v1/events?source={PUPIL}&limit={PUPIL}").text
        errors += client.get(f"/v1/events?{PUPIL}={PUPIL}").text
        errors += client.get(f"/v1/{PUPIL}").text
        errors += client.request("DELETE", f"/v1/events/{PUPIL}").text
        with served.connection() as connection:
            connection.sendall(f"{PUPIL} nonsense\r\n\r\n".encode())
            errors += all_of(connection).decode()
        out, err = capfd.readouterr()
    finally:
        logging.getLogger().handlers[:], logging.getLogger().level = handlers, level
    for said in (errors, out, err, caplog.text):
        assert PUPIL not in said
    assert "Invalid HTTP request" in errors


def test_a_failure_of_ours_is_logged_without_its_words(serve: Serve) -> None:
    served = serve()

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise sqlite3.OperationalError(f"cannot read {PUPIL}")

    served.desk.reports = fail  # type: ignore[method-assign]
    with capture_logs() as logs:
        answer = served.client().get("/v1/events", params={"source": SOURCE})
    is_problem(answer, 500)
    assert PUPIL not in answer.text + json.dumps(logs)
    (entry,) = logs
    assert (entry["why"], entry["log_level"]) == ("OperationalError", "error")
    assert entry["where"].startswith("tests.services.desks.http.test_silence:")
