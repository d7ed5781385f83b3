"""What takes longer than a page may wait: distinct households, how long, since yesterday, schools, past weeks.

It is read from the live view's database in a process of its own, for what open pages ask, and put on them as it comes.
"""

from services.web.details.questions import (
    Area,
    Details,
    OfArea,
    OfPlace,
    Place,
    Question,
    SettledWeek,
    Together,
    no_details,
)

__all__ = ["Area", "Details", "OfArea", "OfPlace", "Place", "Question", "SettledWeek", "Together", "no_details"]
