"""The live view in parts: each pupil in one of them, each part a database and a position of its own, and their sum.

What pupils contribute to the cells adds up whoever folds it. What several parts may know something of (a household
whose pupils are in several, two messages under one source and id) is put right where the parts are added.
"""

from projections.parts.dividing import ALL, REST, belongs, divide, part_names
from projections.parts.placing import in_place

__all__ = ["ALL", "REST", "belongs", "divide", "in_place", "part_names"]
