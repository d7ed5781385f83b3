"""Erasure: the events of a pupil, or of all pupils, written again under fresh random names; every number stays.

An export is rewritten line by line, proved to give the same tables as before, and put into the place of the old one,
whose bytes are overwritten. See docs/erasure.md for what that reaches and what it cannot.
"""

from services.erasure.destroying import beside, destroy, finish, put
from services.erasure.naming import ErasureError, Names, learn
from services.erasure.proving import Proof, prove
from services.erasure.rewriting import rewrite

__all__ = ["ErasureError", "Names", "Proof", "beside", "destroy", "finish", "learn", "prove", "put", "rewrite"]
