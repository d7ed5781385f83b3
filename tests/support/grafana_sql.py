"""What Grafana does to a query of PostgreSQL before it sends it: macros of the time range, and variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def expand(sql: str, since: str, until: str, variables: Mapping[str, Sequence[str]] | None = None) -> str:
    """Put the time range and the variables in. Raises KeyError for a variable that nobody chose."""
    chosen = variables or {}

    def value(found: re.Match[str]) -> str:
        return ",".join("'" + each.replace("'", "''") + "'" for each in chosen[found[1]])

    sql = re.sub(r"\$\{(\w+):sqlstring\}", value, sql)
    sql = re.sub(r"\$__timeFilter\(([\w.]+)\)", rf"\1 BETWEEN '{since}' AND '{until}'", sql)
    sql = sql.replace("$__timeFrom()", f"'{since}'").replace("$__timeTo()", f"'{until}'")
    assert "$" not in sql, sql
    return sql
