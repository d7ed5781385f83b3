"""Who may report to a desk: keys, each bound to one desk and to the sources that it may speak for."""

from services.desks.access.checking import Access, AccessUnavailable
from services.desks.access.keys import Key
from services.desks.access.store import AccessStore, access_path

__all__ = ["Access", "AccessStore", "AccessUnavailable", "Key", "access_path"]
