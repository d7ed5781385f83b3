"""Charts, drawn on the server: numbers in, SVG or PNG out."""

from services.web.charts.chart import Chart, Mark, Number, Series
from services.web.charts.held import Held
from services.web.charts.studio import BusyStudio, Studio

__all__ = ["BusyStudio", "Chart", "Held", "Mark", "Number", "Series", "Studio"]
