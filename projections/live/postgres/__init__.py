"""The live view on PostgreSQL: the same fold and tables, in the schemas of one database. Read only where one is set.

`kindinbeeld` holds what others may read, `kindinbeeld_view` which view is in place, and `kindinbeeld_view_1` and on
each a whole view: one is in place, another may be built beside it.
"""
