"""Who may see what on the pages."""

from services.web.access.viewer import PUBLIC, Role, Viewer, viewer_of

__all__ = ["PUBLIC", "Role", "Viewer", "viewer_of"]
