"""What was known then, beside what is known now: worked out by a process beside the server, for who may see it."""

from services.web.then.replays import NoReplayError, ThenReplays

__all__ = ["NoReplayError", "ThenReplays"]
