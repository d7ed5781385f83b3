"""The report of a period and an area: one HTML file that needs nothing else, and PDF of it. See docs/report.md.

``sources`` finds the events, ``facts`` works out all that it tells, ``writing`` puts it in words, ``pdf`` prints it.
"""

from services.report.facts import Asked, Facts, NothingClosed, facts_of
from services.report.pdf import to_pdf
from services.report.sources import opened
from services.report.writing import write_html

__all__ = ["Asked", "Facts", "NothingClosed", "facts_of", "opened", "to_pdf", "write_html"]
