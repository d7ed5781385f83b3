"""One municipality, week by week."""

from services.web.municipality.topic import MunicipalityTopic

__all__ = ["MunicipalityTopic"]
