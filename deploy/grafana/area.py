"""A schema and a role of PostgreSQL that see one area: what a Grafana for a safety region or a municipality reads."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.grafana.names import Names

__all__ = ["area_sql"]


def area_sql(area: str, codes: Iterable[str]) -> str:
    """Give the statements that make them: views with the names of the tables, and the rows of these municipalities.

    They can be run again, after a merger or an upgrade. How far the view and the ledger are stays unknown there, as on
    the pages: it would tell how much happens elsewhere.
    """
    schema = Names(area).schema
    those = ", ".join(f"'{code}'" for code in sorted(codes))
    views = {
        "counts": f"SELECT * FROM kindinbeeld.counts WHERE municipality IN ({those})",
        "coverage": f"SELECT * FROM kindinbeeld.coverage WHERE municipality IN ({those})",
        "municipalities": f"SELECT * FROM kindinbeeld.municipalities WHERE code IN ({those})",
        "areas": "SELECT * FROM kindinbeeld.areas",
        "closures": "SELECT * FROM kindinbeeld.closures",
        "state": "SELECT one, as_of, NULL::bigint AS position, NULL::bigint AS ledger_end, written FROM"
        " kindinbeeld.state",
    }
    statements = [
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{schema}') THEN"
        f" CREATE ROLE {schema} NOLOGIN; END IF; END $$",
        f"CREATE SCHEMA IF NOT EXISTS {schema}",
        *(
            # With the rights of their owner, so that the role needs none to the tables; no function sees other rows.
            f"CREATE OR REPLACE VIEW {schema}.{name} WITH (security_barrier) AS {query}"
            for name, query in views.items()
        ),
        f"GRANT USAGE ON SCHEMA {schema} TO {schema}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {schema}",
    ]
    return ";\n".join(["BEGIN", *statements, "COMMIT"]) + ";\n"
