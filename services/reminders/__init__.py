"""Silence has a name: which schools have not answered for a week, and reminding them."""

from services.reminders.marking import mark_sent
from services.reminders.silence import Silent, silent_schools

__all__ = ["Silent", "mark_sent", "silent_schools"]
