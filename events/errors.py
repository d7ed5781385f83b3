"""What is said when something breaks a rule of the contract."""

__all__ = ["Rejected"]


class Rejected(ValueError):  # noqa: N818 - the contract's own word
    """An event, or a value of one, that breaks a rule of the contract.

    Neither attribute ever holds a value of the event: both may go to a log, a header or the sender.
    """

    field: str
    """Where: the dotted path as on the wire (`data.occurredAt`, `data.sectors[0]`), or `line` for the whole line."""
    rule: str
    """Which rule, in one line of plain English."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(field, rule)  # both arguments, so that a copy through pickle is whole
        self.field = field
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.field}: {self.rule}"
