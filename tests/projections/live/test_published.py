"""The tables for others in PostgreSQL: the rows of `counts`, also while only time goes on."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import date
from random import Random

import psycopg
import pytest

from events import DAY, day_start, from_micros, to_micros, week_monday
from projections.live.postgres.published import PublishedTables
from projections.live.reading import LiveReader
from projections.register import municipalities
from projections.tables import KEY, MEASURES
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.evaluation.oracle import Said
from tests.projections.live.test_definition import SOURCE, announced, contact, instant_of
from tests.support.live import FedView, fed_view, messages_of, views_on
from tests.support.postgres import PostgresServer


def assert_as_shown(url: str, reader: LiveReader, k: int) -> None:
    tables = reader.tables(k)
    with psycopg.connect(url) as asked:
        for table, measures in MEASURES.items():
            columns = ", ".join((*KEY, *measures))
            rows = asked.execute(f"SELECT {columns}, week_start FROM kindinbeeld.{table}".encode()).fetchall()
            assert sorted(row[:-1] for row in rows) == sorted(tables.rows(table))
            assert all(to_micros(row[-1]) == day_start(week_monday(row[2])) for row in rows)
        closures = asked.execute("SELECT * FROM kindinbeeld.closures ORDER BY starts, name").fetchall()
        shown = [
            (c.name, list(c.sectors), c.municipalities and list(c.municipalities), c.starts, c.until)
            for c in reader.closures()
        ]
        assert closures == shown
        [state] = asked.execute("SELECT as_of, position, ledger_end FROM kindinbeeld.state").fetchall()
        assert state == (from_micros(tables.as_of), tables.position, tables.position + 5)


def write(others: PublishedTables, fed: FedView, k: int) -> int:
    with fed.reader.moment(k) as moment:
        return others.write(moment.tables, moment.closures, moment.position + 5)


@pytest.mark.parametrize("seed", [1, 4])
def test_they_are_what_is_shown(postgres: PostgresServer, seed: int) -> None:
    random = Random(seed)
    said = sorted(random_history(seed, [*COUNTED, *COVERED]), key=lambda event: event.recorded)
    messages = messages_of(line(event).encode() for event in said)
    with views_on(postgres), fed_view() as fed, ExitStack() as opened:
        others = opened.enter_context(closing(PublishedTables(postgres.url)))
        for begin in range(0, len(messages), 25):
            fed.feed(messages[begin : begin + 25], [25])
            k = fed.reader.recorded_until + random.choice((0, 1, 9 * DAY))
            write(others, fed, k)
            assert_as_shown(postgres.url, fed.reader, k)
            assert write(others, fed, k) == 0, "nothing has changed"
            if random.random() < 0.5:
                others.close()
                others = opened.enter_context(closing(PublishedTables(postgres.url)))
                assert write(others, fed, k) == 0, "it knows what is there"


def test_they_go_on_while_only_time_does(postgres: PostgresServer) -> None:
    opened = instant_of(2020, 5, 4)
    said = [
        announced("one", date(2020, 5, 4), date(2020, 6, 28), opened - 2),
        Said(SOURCE, "lost", "contact-lost", opened + 9, opened + 8, contact("pupil--1") | {"municipality": "GM0014"}),
    ]
    with views_on(postgres), fed_view() as fed, closing(PublishedTables(postgres.url)) as others:
        fed.feed(messages_of(line(event).encode() for event in said), [2])
        changed = [write(others, fed, opened + 20 + days * DAY) for days in range(70)]
        assert changed[0] == 1
        assert [day for day, rows in enumerate(changed) if rows][1:] == [7, 14, 21, 28, 35, 42, 49], "a row a week"
        assert_as_shown(postgres.url, fed.reader, opened + 20 + 69 * DAY)
        with psycopg.connect(postgres.url) as asked:
            sums = "SELECT sum(unreached), sum(unreached_over_4_weeks) FROM kindinbeeld.counts"
            assert asked.execute(sums.encode()).fetchall() == [(8, 4)]


def test_areas_have_names_and_the_role_reads_nothing_else(postgres: PostgresServer) -> None:
    with views_on(postgres), fed_view():
        PublishedTables(postgres.url).close()
        with psycopg.connect(postgres.url, autocommit=True) as asked:
            asked.execute("SET ROLE kindinbeeld_reader")
            areas = {code: (kind, name) for code, kind, name in asked.execute("SELECT * FROM kindinbeeld.areas")}
            assert areas["GM0014"] == ("municipality", "Groningen")
            assert areas["NL"] == ("country", "Nederland")
            assert areas["PV20"] == ("province", "Groningen")
            assert areas["VR01"][0] == "region"
            assert areas["unknown"][0] == "unknown"
            rows = asked.execute("SELECT code, name, region, province FROM kindinbeeld.municipalities").fetchall()
            assert len(rows) == len(municipalities())
            assert ("GM0014", "Groningen", "VR01", "PV20") in rows
            assert all({region, province} <= set(areas) for _, _, region, province in rows)
            for statement in (
                "SELECT * FROM kindinbeeld_view.view",
                "SELECT * FROM kindinbeeld_view_1.pupil",
                "INSERT INTO kindinbeeld.areas VALUES ('x', 'unknown', 'x')",
                "CREATE TABLE kindinbeeld.mine (x int)",
                "CREATE TABLE public.mine (x int)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    asked.execute(statement.encode())
