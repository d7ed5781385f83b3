"""The questions to PostgreSQL: the definitions of docs/count.md over its tables, as the panels and the alerts ask them.

`unreached`, `unreached_over_4_weeks` and the flows may be added over sectors and municipalities; `households` and
`unreached_during` never are: they count distinct households and pupils, so they are shown row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SECTORS", "Questions"]

SECTORS: Final = {"po": "Basisonderwijs", "so": "Speciaal onderwijs", "vo": "Voortgezet onderwijs", "mbo": "Mbo"}

_ZONE: Final = "'Europe/Amsterdam'"


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions about one part of the country. ``within``: the condition on ``municipality``, of variables."""

    schema: str
    within: str = "true"
    closed_in: str = "true"
    """Which closures concern it: a condition on ``municipalities``."""

    @property
    def _rows(self) -> str:
        return f"{self.within} AND sector IN (${{sector:sqlstring}})"

    @property
    def latest(self) -> str:
        """The beginning of the last week of which there is any row."""
        s = self.schema
        either = f"SELECT week_start FROM {s}.counts UNION ALL SELECT week_start FROM {s}.coverage"
        return f"(SELECT max(week_start) FROM ({either}) AS weeks)"

    @property
    def _is_latest(self) -> str:
        return f"week_start = {self.latest}"

    @property
    def _is_before(self) -> str:
        """The week before that: a week is an hour shorter or longer where the clock changes."""
        return f"week_start < {self.latest} AND week_start > {self.latest} - interval '8 days'"

    def now(self, measure: str, label: str) -> str:
        """One measure in the last week, added up."""
        return (
            f'SELECT coalesce(sum({measure}), 0) AS "{label}" FROM {self.schema}.counts'
            f" WHERE {self._rows} AND {self._is_latest}"
        )

    def change(self) -> str:
        """How much `unreached` of the last week differs from that of the week before; nothing without one."""
        return (
            f"SELECT coalesce(sum(unreached) FILTER (WHERE {self._is_latest}), 0) - sum(unreached) FILTER"
            f' (WHERE {self._is_before}) AS "Verschil" FROM {self.schema}.counts WHERE {self._rows}'
        )

    def answered(self) -> str:
        """Which part of the schools answered for the last week, from 0 to 1."""
        return (
            f'SELECT sum(schools_reported)::float / nullif(sum(schools_expected), 0) AS "Dekking"'
            f" FROM {self.schema}.coverage WHERE {self._rows} AND {self._is_latest}"
        )

    def as_of(self) -> str:
        """As of when the tables stand."""
        return f'SELECT as_of AS "Stand van" FROM {self.schema}.state'

    def by_sector(self, measure: str) -> str:
        """One measure by week, a line for each sector."""
        return (
            f"SELECT week_start AS time, sector AS metric, sum({measure}) AS value FROM {self.schema}.counts"
            f" WHERE {self._rows} AND $__timeFilter(week_start) GROUP BY 1, 2 ORDER BY 1, 2"
        )

    def measures(self, labels: dict[str, str]) -> str:
        """Several measures by week, each added up over the sectors; ``labels``: the column of each label."""
        summed = ", ".join(f'sum({measure}) AS "{label}"' for label, measure in labels.items())
        return (
            f"SELECT week_start AS time, {summed} FROM {self.schema}.counts"
            f" WHERE {self._rows} AND $__timeFilter(week_start) GROUP BY 1 ORDER BY 1"
        )

    def coverage_by_sector(self) -> str:
        """Which part of the schools answered, by week and sector."""
        return (
            f"SELECT week_start AS time, sector AS metric, sum(schools_reported)::float / nullif(sum(schools_expected),"
            f" 0) AS value FROM {self.schema}.coverage WHERE {self._rows} AND $__timeFilter(week_start)"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )

    def by_area(self, *, regions: bool) -> str:
        """The last week of each safety region, or of each municipality, the most unreached first."""
        s = self.schema
        code = "coalesce(m.region, 'unknown')" if regions else "r.municipality"
        label = "Veiligheidsregio" if regions else "Gemeente"
        sums = f"""
SELECT municipality, sum(unreached) AS unreached, sum(unreached_over_4_weeks) AS longer, 0 AS expected, 0 AS reported
FROM {s}.counts WHERE {self._rows} AND {self._is_latest} GROUP BY 1
UNION ALL
SELECT municipality, 0, 0, sum(schools_expected), sum(schools_reported)
FROM {s}.coverage WHERE {self._rows} AND {self._is_latest} GROUP BY 1"""
        return f"""SELECT coalesce(max(a.name), 'Woonplaats onbekend') AS "{label}", {code} AS "Code",
sum(r.unreached) AS "Niet bereikt", sum(r.longer) AS "Langer dan 4 weken",
sum(r.expected) AS "Scholen", sum(r.reported) AS "Antwoordden"
FROM ({sums}
) AS r LEFT JOIN {s}.municipalities AS m ON m.code = r.municipality LEFT JOIN {s}.areas AS a ON a.code = {code}
GROUP BY 2 ORDER BY 3 DESC, 2"""

    def weeks(self) -> str:
        """Every week and sector as it stands in the table of counts, the newest first: nothing is added up."""
        return f"""SELECT c.week AS "Week", c.sector AS "Sector", c.unreached AS "Niet bereikt",
c.unreached_over_4_weeks AS "Langer dan 4 weken", c.households AS "Huishoudens", c.unreached_during AS "In de week",
c.newly_lost AS "Nieuw", c.restored AS "Weer bereikt", c.moved_in AS "Erbij", c.moved_out AS "Eraf",
v.schools_expected AS "Scholen", v.schools_reported AS "Antwoordden"
FROM {self.schema}.counts AS c LEFT JOIN {self.schema}.coverage AS v USING (municipality, sector, week)
WHERE {self._rows.replace("sector IN", "c.sector IN").replace("municipality", "c.municipality")}
AND $__timeFilter(c.week_start) ORDER BY c.week_start DESC, c.sector"""

    def closures(self) -> str:
        """The closures in sight, as annotations."""
        begin = f"(starts::timestamp AT TIME ZONE {_ZONE})"
        end = f"coalesce((until + 1)::timestamp AT TIME ZONE {_ZONE}, $__timeTo()::timestamptz)"
        return (
            f"SELECT {begin} AS time, {end} AS timeend, name AS text, array_to_string(sectors, ',') AS tags"
            f" FROM {self.schema}.closures WHERE ({self.closed_in}) AND {begin} < $__timeTo()::timestamptz"
            f" AND {end} > $__timeFrom()::timestamptz"
        )

    def regions(self) -> str:
        """The safety regions, for a variable."""
        return f"SELECT name AS __text, code AS __value FROM {self.schema}.areas WHERE code LIKE 'VR%' ORDER BY 1"

    def municipalities(self) -> str:
        """The municipalities, and residence unknown, for a variable."""
        return (
            f"SELECT name AS __text, code AS __value FROM {self.schema}.municipalities"
            " UNION ALL SELECT 'Woonplaats onbekend', 'unknown' ORDER BY 1"
        )
