"""A desk's store on PostgreSQL, through the eventsourcing library and psycopg. Read only where one is set."""

from services.desks.postgres.recorder import Factory

__all__ = ["Factory"]
