"""The alerts about the counts: where somebody has to look, never how many pupils."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from deploy.grafana.alert import Alert
from deploy.grafana.names import Names
from deploy.grafana.sql import Questions

__all__ = ["of_counts"]

_RISING: Final = (5, 0.2)
"""A municipality's count is rising when it is higher by this number and by this part of what it was."""


def of_counts(names: Names, coverage: float) -> Iterator[Alert]:
    """Give the rules; ``coverage``: the part of the schools (0 to 1) under which an answered week is too little."""
    s, latest = names.schema, Questions(names.schema).latest
    where = '"Gemeente"'
    yield Alert(
        "count-rising",
        "counts",
        "Meer leerlingen niet bereikt",
        "In {{ $labels.Gemeente }} worden duidelijk meer leerlingen niet bereikt dan een week eerder.",
        f"""SELECT name AS {where}, (more >= {_RISING[0]} AND more > {_RISING[1]} * before)::int AS value FROM (
SELECT municipality, sum(now) - sum(before) AS more, sum(before) AS before FROM (
SELECT municipality, sector, sum(unreached) FILTER (WHERE week_start = {latest}) AS now,
sum(unreached) FILTER (WHERE week_start < {latest}) AS before
FROM {s}.counts WHERE week_start > {latest} - interval '8 days' GROUP BY 1, 2
) AS sectors WHERE before IS NOT NULL AND now IS NOT NULL GROUP BY 1
) AS weeks JOIN {s}.municipalities ON code = municipality""",
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "over-4-weeks",
        "counts",
        "Langer dan 4 weken niet bereikt",
        "In {{ $labels.Gemeente }} zijn leerlingen langer dan 4 weken niet bereikt.",
        f"""SELECT coalesce(m.name, 'Woonplaats onbekend') AS {where}, (sum(unreached_over_4_weeks) > 0)::int AS value
FROM {s}.counts LEFT JOIN {s}.municipalities AS m ON m.code = municipality WHERE week_start = {latest} GROUP BY 1""",
        "0s",
        "OK",
        "warning",
    )
    yield Alert(
        "coverage-low",
        "counts",
        "Te weinig scholen antwoordden",
        "In {{ $labels.Gemeente }} antwoordden te weinig scholen voor de laatste hele week.",
        f"""SELECT m.name AS {where}, (sum(schools_reported) < {coverage:g} * sum(schools_expected))::int AS value
FROM {s}.coverage JOIN {s}.municipalities AS m ON m.code = municipality
WHERE week_start = (SELECT max(week_start) FROM {s}.coverage
WHERE (week_start AT TIME ZONE 'Europe/Amsterdam' + interval '7 days') AT TIME ZONE 'Europe/Amsterdam'
<= (SELECT as_of FROM {s}.state)) GROUP BY 1""",
        "0s",
        "OK",
        "warning",
    )
