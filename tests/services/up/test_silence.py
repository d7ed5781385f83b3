"""The logs of a full run, at their most talkative, name nobody: no pseudonym, household, number or id of a report."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

import httpx

from events import DESKS, PUBLISHERS, Reporter, new_pseudonym_key, parse_event
from services.system import DataDir, Settings, SystemRecord, find_system
from tests.services.desks.pages.conftest import ANOTHER_BSN, BSN, hidden
from tests.support.lines import simulated
from tests.support.reports import report
from tests.support.whole import Whole, fetch, until, whole

PRIVATE = "geheim"
"""Stands in everything that is given and is about somebody, so that not even a part of it may be logged."""
LOCAL = "17-lokaal-nummer"
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCHED = {"Content-Type": "application/cloudevents-batch+json"}


def made(kind: str, number: int, **data: Any) -> bytes:
    """A report of a kind with an id, a pupil and (where there is one) a household of its own."""
    named: dict[str, Any] = {} if "pupil" not in json.loads(report("x", kind))["data"] else {"pupil": pupil(number)}
    if kind == "residence-established":
        named["household"] = f"{PRIVATE}-huis-{number:05}"
    if kind == "report-retracted":
        named["retracts"] = {"source": json.loads(report("x"))["source"], "id": f"{PRIVATE}-id-{number}"}
    return report(f"{PRIVATE}-{kind}-{number}", kind, **named | data)


def pupil(number: int) -> str:
    return f"{PRIVATE}-leerling-{number:05}"


def broken(kind: str, number: int) -> list[bytes]:
    """The same with faults, each with something private where it should not be."""
    good = json.loads(made(kind, number))
    return [
        json.dumps(good | {"data": good["data"] | {PRIVATE: PRIVATE}, "type": good["type"] + PRIVATE}).encode(),
        json.dumps(good | {"data": good["data"] | {"occurredAt": PRIVATE}}).encode(),
        json.dumps(good | {"data": good["data"] | {"pupil": BSN, "sector": PRIVATE, "school": PRIVATE}}).encode(),
        made(kind, number, occurredAt="2020-03-17T09:00:00Z"),  # in conflict with the first
        f'{{"{PRIVATE}": {PRIVATE}'.encode(),
        b"\xff" + PRIVATE.encode(),
    ]


def test_a_full_run_names_nobody(tmp_path: Path) -> None:
    place = tmp_path / "system"
    place.mkdir(mode=0o700)
    new_pseudonym_key(place / "pseudonym-key.json")
    history = tmp_path / "history.ndjson"
    lines = simulated(11, 2_000)
    history.write_bytes(b"\n".join([*lines, *broken("contact-lost", 1)]) + b"\n")
    said = b""
    with whole(place, log_level="debug") as system:
        url = system.ready()
        record = find_system(DataDir(place), Settings())
        for desk in DESKS:
            by_http(desk, record.desks[desk])
            by_page(desk, record.desks[desk])
        by_nats(record)
        said += system.run("import", history).stderr
        until(lambda: all(fetch(f"{at}health")["backlog"] == 0 for at in record.desks.values()))
        said += again(system)
        with urllib.request.urlopen(f"{url}?gemeente=GM0014&{PRIVATE}={BSN}", timeout=60) as page:  # noqa: S310
            assert page.status == 200
        for command in (["counts"], ["audit"], ["rebuild"], ["counts", "--as-of", "2020-04-10T12:00:00+02:00"]):
            done = system.run(*command)
            assert done.returncode == 0, done.stderr
            said += done.stdout + done.stderr
        reported = system.run("export").stdout.splitlines()
        said += b"".join(httpx.get(f"{at}metrics", timeout=60).content for at in record.desks.values())
        assert system.stop() == 0
    logs = {path.name: path.read_bytes() for path in (system.log, *place.rglob("*.log"))}
    assert logs.keys() == {system.log.name, "server.log"}
    assert min(map(len, logs.values())) > 0
    named = everything_named([*lines, *reported])
    assert len(named) > 2_000
    for name, text in {**logs, "commands": said}.items():
        assert [each for each in named if each.encode() in text] == [], name


def everything_named(raws: list[bytes]) -> set[str]:
    """Every pseudonym, household and id that was given, and what stood in what was refused."""
    events = [parse_event(raw) for raw in raws]
    found = {getattr(event.data, name, None) for event in events for name in ("pupil", "household")} - {None}
    assert {event.kind for event in events} >= {*PUBLISHERS} - {"reminder-sent"}
    # What anybody's log may hold by chance is no id: a number of few digits.
    ids = {event.id for event in events if len(event.id) > 6}
    return {str(each) for each in found} | ids | {PRIVATE, BSN, ANOTHER_BSN, LOCAL}


def by_http(desk: str, url: str) -> None:
    """All kinds that the desk takes, by each mode, good, known, wrong, and not for it."""
    with httpx.Client(base_url=url, timeout=60) as client:
        for number, kind in enumerate(PUBLISHERS):
            raw = made(kind, number + 100 * DESKS.index(desk))
            expected = 201 if desk in PUBLISHERS[kind] else 403
            assert client.post("/v1/events", content=raw, headers=STRUCTURED).status_code == expected, kind
            client.post("/v1/events", content=raw, headers=STRUCTURED)
            wrong = broken(kind, number + 100 * DESKS.index(desk))
            for each in wrong:
                assert client.post("/v1/events", content=each, headers=STRUCTURED).status_code >= 400
            more = [made(kind, number + 100 * DESKS.index(desk) + 1000), *wrong[:4]]
            assert client.post("/v1/events", content=b"[" + b",".join(more) + b"]", headers=BATCHED).status_code == 200
            binary = {"Content-Type": "application/json", "ce-id": PRIVATE, "ce-source": PRIVATE, "ce-type": PRIVATE}
            client.post("/v1/events", content=raw, headers=binary)
            source = json.loads(raw)["source"]
            client.get(f"/v1/events/{httpx.QueryParams({'': source})}/{PRIVATE}")
            client.get("/v1/events", params={"source": source})
            client.get(f"/v1/{PRIVATE}/{BSN}", params={PRIVATE: BSN})
        client.post("/v1/events", content=b"x" * 300_000 + PRIVATE.encode(), headers=STRUCTURED)
        assert client.get("/v1/rejected").status_code == 200
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=60) as connection:
        connection.sendall(f"{PRIVATE} nonsense {BSN}\r\n\r\n".encode())
        connection.recv(100)


def by_page(desk: str, url: str) -> None:
    """Every form by hand, filled in with a pupil's number, and as a list."""
    filled = {
        "bsn": BSN,
        "occurred_at": "2020-03-30T09:00",
        "school": "06KR00",
        "sector": "po",
        "municipality": "GM0014",
        "via": "phone",
        "device": "laptop",
        "outcome": "no-answer",
        "visitor": "wij",
    }
    with httpx.Client(base_url=url, timeout=60) as client:
        for kind in PUBLISHERS:
            if desk not in PUBLISHERS[kind]:
                continue
            page = client.get(f"/report/{kind}")
            assert page.status_code == 200, kind
            form = hidden(page.text)
            wrong = {"sector": PRIVATE, "bsn": ANOTHER_BSN, "local_number": LOCAL, "issuer": PRIVATE}
            for fields in (filled, filled | wrong, filled | {"occurred_at": PRIVATE}):
                assert client.post(f"/report/{kind}", data=form | fields).status_code in (200, 400), kind
            sheet = client.get(f"/list/{kind}")
            if sheet.status_code == 200:
                rows = f"bsn;local_number;occurred_at;school;sector\n{BSN};{LOCAL};30-03-2020;06KR00;{PRIVATE}\n"
                files = {"file": (f"{PRIVATE}.csv", rows.encode())}
                client.post(f"/list/{kind}", data=hidden(sheet.text), files=files)
        client.get(f"/report/{PRIVATE}", params={"bsn": BSN})


def by_nats(record: SystemRecord) -> None:
    """By request and reply, as programs inside do: good and wrong."""
    import asyncio

    import nats

    address = record.address_of("reporter")

    async def send() -> None:
        source = json.loads(report("x"))["source"]
        async with Reporter(address.url, source=source, desk="school", user=address.user, key=address.password) as it:
            from events import ContactLost

            answer = await it.report(
                ContactLost,
                id=f"{PRIVATE}-nats",
                occurred_at="2020-03-16T09:00:00Z",
                pupil=pupil(9),
                school="06KR00",
                sector="po",
            )
            assert answer.fate == "accepted"
        client = await nats.connect(
            address.url, user=address.user, password=address.password, inbox_prefix="_INBOX.reporter"
        )
        for each in broken("contact-lost", 77):
            said = await client.request("kib.desk.school.report", each, timeout=60)
            assert json.loads(said.data)["fate"] in ("rejected", "forbidden", "conflict", "accepted")
        await client.close()

    asyncio.run(send())


def again(system: Whole) -> bytes:
    """What was refused and rejected, listed and given once more; what the commands said."""
    said = b""
    for options in (["--by-reason"], ["--resolved"], ["--format", "ndjson"]):
        done = system.run("rejected", *options)
        assert done.returncode == 0
        said += done.stdout + done.stderr
    done = system.run("rejected", "resend", "--all")
    assert done.returncode == 1
    assert done.stdout.count(b"\n") > 50
    return said + done.stdout + done.stderr
