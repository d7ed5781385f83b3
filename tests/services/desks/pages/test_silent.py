"""Silent schools on the coordinator's page: the real desk asks the real live view, over the real ledger."""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import nats

from events import VIEW_STATUS
from services.desks.access import AccessStore, access_path
from services.desks.pages.silent import Wanted
from services.reminders import mark_sent, silent_schools
from services.reminders.asking import SILENT_SUBJECT, SilentRequest
from tests.services.desks.pages.conftest import OTHER, Site, hidden, listed, send, until, viewing
from tests.services.reminders.test_reminders import NOW, SOURCE, WEEK, school
from tests.support.systems import RunningLedger

EARLIER = "2020-W12"
MARK = "Aangevinkte scholen zijn herinnerd"


def rows(answer: httpx.Response) -> list[str]:
    return re.findall(r'name="school" value="([^"]+)"', answer.text)


def mark(client: httpx.Client, page: httpx.Response, *schools: str, **more: str) -> httpx.Response:
    form: dict[str, Any] = hidden(page.text) | {"school": list(schools)} | more
    return client.post("/silent", data=form)


def test_the_list_is_worked_through(ledger: RunningLedger, coordinator: Site) -> None:
    with viewing(ledger), coordinator.client() as client:
        page = listed(client, week=WEEK)
        assert rows(page) == ["01AA00:po:0", "04AA00:vo:0"]
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
        assert "2 scholen zonder antwoord" in text
        assert "De Eik" in text
        assert "01AA00 · Basisonderwijs · Groningen" in text
        assert "1 van 2 weken" in text
        assert rows(listed(client, week=WEEK, municipality="GM0034")) == ["04AA00:vo:0"]
        assert "Elke school die moest antwoorden" in listed(client, week="2020-W30").text
        done = mark(client, page, "01AA00:po:0")
        assert (done.status_code, "1 school als herinnerd gemeld" in done.text) == (200, True)
        # Somebody else who has the same list open, and the command line too.
        again = mark(client, page, "01AA00:po:0", "04AA00:vo:0")
        assert "1 school als herinnerd gemeld" in again.text
        assert "1 was al gemeld." in again.text
        assert mark(client, page).status_code == 400
        listing = silent_schools(ledger.record, WEEK, ledger.clock.now())
        found = [replace(each, reminded=0) for each in listing if each.school == "01AA00"]
        assert asyncio.run(mark_sent(ledger.record, found, WEEK, SOURCE, NOW)) == {"known": 1}
        page = until(lambda: listed(client, week=WEEK), lambda answer: rows(answer) == ["01AA00:po:1", "04AA00:vo:1"])
        assert "1 keer herinnerd, op " in page.text
        assert rows(listed(client, week=WEEK, fresh="yes")) == []
        assert "2 scholen als herinnerd gemeld" in mark(client, page, *rows(page)).text
        until(lambda: listed(client, week=WEEK), lambda answer: rows(answer) == ["01AA00:po:2", "04AA00:vo:2"])
    entries = asyncio.run(ledger.stored())
    sent = [json.loads(raw)["data"] for _, _, subject, raw in entries if subject.endswith("coordinator.reminder-sent")]
    assert len(sent) == 4


def test_without_the_view_the_page_says_so_and_the_rest_goes_on(ledger: RunningLedger, coordinator: Site) -> None:
    with coordinator.client() as client:
        with viewing(ledger) as view:
            page = listed(client, week=WEEK)
            view.kill()
        begun = time.monotonic()
        away = client.get("/silent", params={"week": WEEK})
        assert time.monotonic() - begun < 20
        assert away.status_code == 503
        assert "De lijst kan nu niet gemaakt worden" in away.text
        assert f'<option value="{WEEK}" selected>' in away.text
        assert "1 school als herinnerd gemeld" in mark(client, page, "01AA00:po:0").text
        reminder = {"school": "04AA00", "sector": "vo", "week": WEEK}
        assert send(client, "/report/reminder-sent", **reminder).status_code == 200


def test_the_list_is_given_in_pages_and_ticked_in_one_go(ledger: RunningLedger, coordinator: Site) -> None:
    asyncio.run(ledger.store(*(school(f"{number:02}BB00") for number in range(99))))
    with viewing(ledger), coordinator.client() as client:
        until(lambda: listed(client, week=WEEK), lambda answer: "101 scholen" in answer.text)
        page = listed(client, week=WEEK, tick="all")
        assert len(rows(page)) == page.text.count(" checked") == 100
        (link,) = re.findall(r'href="(/silent\?[^"]*start=100)"', page.text)
        following = client.get(html.unescape(link))
        assert rows(following) == ["04AA00:vo:0"]
        begun = time.monotonic()
        client.get("/silent", params={"week": EARLIER})
        anew = time.monotonic() - begun
        kept = []
        for _ in range(10):
            begun = time.monotonic()
            assert rows(client.get("/silent", params={"week": WEEK, "municipality": "GM0034"})) == ["04AA00:vo:0"]
            kept.append(time.monotonic() - begun)
        assert min(kept) < anew / 2  # nothing has changed: it is not made anew
        assert "Vorige scholen" in following.text
        assert "100 scholen als herinnerd gemeld" in mark(client, page, *rows(page)).text


def test_a_mark_is_for_an_organisation_of_ones_own(ledger: RunningLedger, coordinator: Site) -> None:
    _, secret = AccessStore(access_path(ledger.data_dir)).create("coordinator", [OTHER], coordinator=False, now=1)
    with viewing(ledger), coordinator.client() as client:
        time.sleep(0.2)
        assert client.get("/silent").headers["location"] == "/sign-in"
        send(client, "/sign-in", key=secret)
        page = listed(client, week=WEEK)
        form = hidden(page.text)
        assert client.post("/silent", data=form | {"token": "x", "school": "01AA00:po:0"}).status_code == 403
        assert mark(client, page, "01AA00:po:0", source=SOURCE).status_code == 200
    (event,) = [each for each in coordinator.held() if "reminder-sent" in each["type"]]
    assert event["source"] == OTHER


async def test_the_view_answers_others_while_it_lists(ledger: RunningLedger) -> None:
    with viewing(ledger):
        reader, coordinator = (ledger.record.address_of(part) for part in ("reader", "coordinator"))
        clients = [
            await nats.connect(each.servers, user=each.user, password=each.password, inbox_prefix=f"_INBOX.{each.user}")
            for each in (reader, coordinator)
        ]
        ask, status = clients[1], clients[0]
        for _ in range(200):
            try:
                await status.request(VIEW_STATUS, b"", timeout=1)
                break
            except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
                await asyncio.sleep(0.1)
        asked = SilentRequest(week=WEEK).model_dump_json().encode()
        headers = {"content-type": "application/json"}
        listing = asyncio.create_task(ask.request(SILENT_SUBJECT, asked, timeout=120, headers=headers))
        answered = 0
        while not listing.done():
            await status.request(VIEW_STATUS, b"", timeout=60)
            answered += not listing.done()
            await asyncio.sleep(0.01)
        assert answered > 2, "each of them before the list"
        assert json.loads((await listing).data)["total"] == 2
        for client in clients:
            await client.close()


def test_whatever_the_address_says_is_read_as_something() -> None:
    # The last whole week, by the desk's clock.
    assert Wanted.read({}, NOW) == Wanted("2020-W13", None, False, 0)
    wrong = {"week": "2020-W54", "municipality": "GM9999", "fresh": "1", "start": "-1"}
    assert Wanted.read(wrong, NOW) == Wanted("2020-W13", None, False, 0)
    asked = {"week": WEEK, "municipality": "GM0014", "fresh": "yes", "start": "100"}
    assert Wanted.read(asked, NOW).parameters() == asked


def test_only_the_coordinator_has_the_page(site: Callable[..., Site]) -> None:
    with site("leerplicht").client() as client:
        assert client.get("/silent").status_code == 404
        assert "/silent" not in client.get("/").text
    with site("coordinator").client() as client:
        assert client.get("/silent").status_code == 503
        assert 'href="/silent"' in client.get("/").text
