"""The map of tiles: every area one tile, coloured by how many pupils are not reached."""

from services.web.map.topic import MapTopic
from services.web.map.view import MapView, read_name, view_of

__all__ = ["MapTopic", "MapView", "read_name", "view_of"]
