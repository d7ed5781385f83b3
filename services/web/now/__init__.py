"""What is happening now, in the country or in one area."""

from services.web.now.topic import NowTopic

__all__ = ["NowTopic"]
