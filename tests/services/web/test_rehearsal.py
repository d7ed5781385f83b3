"""A rehearsal as `kindinbeeld replay` runs it: what it shows is what was known then, however one came there."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, expect

from events import parse_instant
from projections.evaluation import evaluate
from projections.live.reading import LiveReader
from projections.tables import COUNT_MEASURES
from services.replaying import player
from services.replaying.history import History
from services.replaying.sources import batches_of
from services.simulate import simulate
from services.system import DataDir
from tests.services.web.test_accessibility import RULES
from tests.support.inside import run_inside
from tests.support.whole import Whole, until, whole

Rows = dict[tuple[str, ...], tuple[int, ...]]


class Running:
    """A rehearsal of a file of events, and the lines of that."""

    def __init__(self, process: Whole, file: Path) -> None:
        self.process, self.file, self.url = process, file, process.ready().rstrip("/")
        self.lines = file.read_bytes().splitlines(keepends=True)

    def client(self) -> httpx.Client:
        headers = {"Origin": self.url, "Accept": "application/json"}
        return httpx.Client(base_url=self.url, timeout=60, headers=headers)

    def first(self, taken: int, instant: int) -> Rows:
        """Evaluate the first events of the file as of an instant, without anything of the rehearsal."""
        some = self.file.with_name("some.ndjson")
        some.write_bytes(b"".join(self.lines[:taken]))
        return by_key(evaluate(some, instant).rows())


def by_key(rows: Any) -> Rows:
    return {tuple(map(str, row[:3])): tuple(map(int, row[3:])) for row in rows}


def shown(client: httpx.Client) -> tuple[str, Rows]:
    """Give as of when the tables over HTTP stand, and all rows."""
    answer = client.get("/v1/counts?pageSize=5000").raise_for_status().json()
    assert answer["total"] == len(answer["items"])
    columns = ["municipality", "sector", "week", *map(camel, COUNT_MEASURES)]
    return answer["asOf"], by_key([item[column] for column in columns] for item in answer["items"])


def settled(client: httpx.Client, state: dict[str, Any]) -> Rows:
    """Give the rows as of where the rehearsal is: what was read some hundredths of a second before may still stand."""
    until(lambda: shown(client)[0] == state["now"])
    return shown(client)[1]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def tell(client: httpx.Client, words: str) -> dict[str, Any]:
    answer = client.post("/oefening", data={"command": words})
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    place = tmp_path_factory.mktemp("rehearsal")
    file = place / "history.ndjson"
    file.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=900)))
    with whole(place / "system", "replay", str(file), "--port", "0", "--paused", "--from", "2020-W12") as process:
        yield Running(process, file)
    assert not (place / "system").exists(), "a rehearsal touches no system"


def test_it_shows_what_was_known_then_however_one_came_there(running: Running) -> None:
    draw = random.Random(7)
    with running.client() as client:
        tell(client, "jump 2020-W12")
        for turn in range(12):
            if turn % 3 == 2:
                tell(client, f"pace {draw.choice(('1w/1s', '2w/1s', 'full'))}")
                tell(client, "go")
                time.sleep(draw.random() / 4)
                state = tell(client, "pause")
            else:
                to = ("step batch", "step day", "step week", "back day", "back week", f"jump {draw.randint(1, 937)}")
                state = tell(client, draw.choice((*to, f"jump 2020-0{draw.randint(3, 8)}-17T09:30")))
            assert settled(client, state) == running.first(state["taken"], parse_instant(state["now"]))


def test_full_pace_comes_to_the_end_and_back_to_any_week(running: Running) -> None:
    with running.client() as client:
        tell(client, "pace full")
        tell(client, "go")
        until(lambda: not client.get("/oefening/stand").json()["going"])
        state = client.get("/oefening/stand").json()
        assert (state["taken"], state["now"]) == (len(running.lines), state["last"])
        until(lambda: shown(client)[1] == running.first(len(running.lines), parse_instant(state["last"])))
        assert "einde" in client.get("/oefening/stand").json()["words"]["told"]
        back = tell(client, "jump 2020-W15")
        assert back["now"] == "2020-04-05T22:00:00Z"
        assert settled(client, back) == running.first(back["taken"], parse_instant(back["now"])) != {}


def test_every_page_says_that_it_is_a_rehearsal(running: Running) -> None:
    with running.client() as client:
        for path in (
            "/",
            "/kaart",
            "/gemeenten",
            "/gemeenten/GM0014",
            "/toen",
            "/uitleg",
            "/open-data",
            "/x",
            "/oefening",
        ):
            answer = client.get(path)
            assert "Dit is een oefening: beelden van toen." in answer.text, path
            assert "Dit zijn geen echte kinderen" not in answer.text
            assert answer.headers["Kindinbeeld-Rehearsal"] == "yes"
            assert "This is a rehearsal" in client.get(path, params={"lang": "en"}).text
            client.cookies.clear()
        assert client.get("/v1/counts").headers["Kindinbeeld-Rehearsal"] == "yes"


def test_only_forms_of_its_own_pages_steer_it_and_only_to_its_own_pages(running: Running) -> None:
    go = {"command": "go"}
    with httpx.Client(base_url=running.url, timeout=60) as client:
        before = client.get("/oefening/stand").json()
        for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": running.url, "Sec-Fetch-Site": "cross-site"}):
            assert client.post("/oefening", data=go, headers=headers).status_code == 403
        assert client.get("/oefening", params=go).status_code == 200
        assert client.get("/oefening/stand").json() == before
        own = {"Origin": running.url}
        for back, to in (
            ("/kaart?lang=en", "/kaart?lang=en"),
            ("//evil.example", "/oefening"),
            ("http://x", "/oefening"),
        ):
            answer = client.post("/oefening", data={"command": "pause", "back": back}, headers=own)
            assert (answer.status_code, answer.headers["Location"]) == (303, to)
        for wrong in ("jump 2020-02-30T12:00", "jump x", "pace 0w/1s", "step month", ""):
            answer = client.post("/oefening", data={"command": wrong}, headers=own)
            assert answer.status_code == 422
            assert "bestaat niet" in answer.text


def test_it_is_steered_by_the_command(running: Running) -> None:
    port = running.url.rpartition(":")[2]
    done = run_inside(
        "replay", "--port", port, "--tell", "jump 2020-W15", "--tell", "back week", data_dir=Path("/none")
    )
    assert done.stdout.split()[0] == b"2020-04-05T22:00:00Z"
    assert b"2020-03-29T22:00:00Z" in done.stdout
    wrong = run_inside("replay", "--port", port, "--tell", "fly", data_dir=Path("/none"))
    assert (wrong.returncode, b"must be pause, go" in wrong.stderr) == (2, True)


@pytest.mark.browser
def test_by_keyboard_on_a_phone_the_number_follows(running: Running, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=False)
    try:
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        with running.client() as client:
            tell(client, "jump 2020-W13")
        page.goto(f"{running.url}/?lang=en")
        expect(page.locator("#rehearsal-now")).to_have_text("23 March 2020, 00:00")
        page.evaluate("window.same = true")
        page.get_by_role("button", name="A week on").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#rehearsal-now")).to_have_text("30 March 2020, 00:00")
        expect(page.locator("#asof")).to_contain_text("30 March 2020")
        assert page.evaluate("window.same"), "the page was not left"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("link", name="Controls").press("Enter")
        page.locator("#date").fill("2020-03-25")
        page.locator("#time").fill("09:00")
        page.locator("#time").press("Enter")
        expect(page.locator("#rehearsal-now")).to_have_text("25 March 2020, 09:00")
        page.locator("#pace").select_option("1w/5s")
        page.get_by_role("button", name="Set").press("Enter")
        page.get_by_role("button", name="Go on").press("Enter")
        expect(page.locator("#rehearsal-told")).to_have_text("Time goes on: 1 week in 5 seconds.")
        page.get_by_role("button", name="Pause").press("Enter")
        expect(page.locator("#rehearsal-told")).to_have_text("Time waits.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert errors == []
    finally:
        context.close()
    context = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=True)
    try:
        page = context.new_page()
        page.goto(f"{running.url}/oefening")
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
    finally:
        context.close()


def test_from_copies_on_the_way_it_is_the_same(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the test's own process, with copies so near each other that jumps back begin at them."""
    monkeypatch.setattr(player, "_APART", 100)
    monkeypatch.setattr(player, "_AT_ONCE", 70)
    history = History(tmp_path / "events", batches_of(str(running.file), None, DataDir(tmp_path / "none"), tmp_path))
    place = tmp_path / "live.sqlite"
    played = player.Player(history, place, history.of(1), history.of(len(history)), "full", going=False)
    played.start()
    draw = random.Random(3)
    try:
        with closing(LiveReader(place)) as reader:
            for _ in range(6):
                state = played.tell(f"jump {draw.randint(1, len(history))}").result(60)
                reader.refresh()
                assert (reader.position, state.busy) == (state.position, False)
                rows = by_key(reader.tables(state.now).rows("counts"))
                assert rows == running.first(state.taken, state.now)
    finally:
        played.stop()
    assert len(list(tmp_path.glob("copy-*.sqlite"))) > 1


def test_into_a_view_of_ones_own_from_any_sequence_to_any_other(running: Running, tmp_path: Path) -> None:
    part = running.file.with_name("part.ndjson")
    for arguments, lines in (
        (("--to", "600"), running.lines[:600]),
        (("--from", "301", "--to", "600"), running.lines[300:600]),
    ):
        view = tmp_path / f"{len(lines)}.sqlite"
        done = run_inside("replay", str(running.file), *arguments, "--into", str(view), data_dir=tmp_path / "none")
        assert done.returncode == 0
        assert f"{len(lines)} events in the view, up to sequence 600" in done.stderr.decode()
        with closing(LiveReader(view)) as reader:
            at = reader.recorded_until
            part.write_bytes(b"".join(lines))
            assert by_key(reader.tables(at).rows("counts")) == by_key(evaluate(part, at).rows())
        again = run_inside("replay", str(running.file), "--into", str(view), data_dir=tmp_path / "none")
        assert again.returncode == 2


def test_what_cannot_be_is_said_in_one_line(running: Running, tmp_path: Path) -> None:
    for arguments, status, said in (
        ((str(running.file), "--pace", "fast"), 2, b"--pace: must be full, or like 1w/10s"),
        ((str(running.file), "--from", "2020-W20", "--to", "2020-W12"), 2, b"--to: lies before --from"),
        ((str(running.file), "--into", "none/there.sqlite"), 2, b"--into: must be"),
        ((str(running.file), "--archive", "x"), 2, b"--archive: not together"),
        (("--archive", str(tmp_path / "none")), 3, b"there is none"),
        ((), 3, b"no system runs"),
    ):
        done = run_inside("replay", *arguments, data_dir=tmp_path / "none")
        assert (done.returncode, said in done.stderr) == (status, True), done.stderr


def test_where_people_sign_in_a_rehearsal_asks_for_its_own_link(running: Running, tmp_path: Path) -> None:
    system = tmp_path / "system"
    made = run_inside("access", "link", "create", "--role", "national", "--name", "test", data_dir=system)
    assert made.returncode == 0
    with whole(system, "replay", str(running.file), "--port", "0", "--paused") as process:
        url = process.ready().rstrip("/")
        told = re.search(r"on (http\S+)", process.log.read_text())
        assert told is not None
        with httpx.Client(base_url=url, timeout=60, headers={"Origin": url}) as client:
            for path in ("/oefening", "/oefening/stand"):
                assert client.get(path).status_code == 403
            assert client.post("/oefening", data={"command": "go"}).status_code == 403
            assert client.post("/aanmelden", data={"link": made.stdout.decode().strip()}).status_code == 403
            assert client.post("/aanmelden", data={"link": told[1]}).status_code == 303
            assert client.get("/oefening/stand").json()["taken"] == 1
