"""What ends a command early: one line for the person on standard error, and an exit status."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot go on. `message` is one line without anything about a person; `exit_status` as in README.

    Exit status: 0 done, 1 a finding, 2 wrong usage, 3 the system cannot be reached or used.
    """

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.message = message
        self.exit_status = exit_status


class Finding(CommandError):  # noqa: N818 - named for what is the matter
    """The command did its work and found something to report (exit status 1)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 1)


class WrongUsage(CommandError):  # noqa: N818 - named for what is the matter
    """The command was called with something that it cannot use, such as a missing file (exit status 2)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 2)


class SystemUnavailable(CommandError):  # noqa: N818 - named for what is the matter
    """The system cannot be reached or used (exit status 3)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 3)
