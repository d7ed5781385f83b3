"""Which messages are on their way to the ledger, and which of them a stream turns out to hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Flight", "Message"]

Item = TypeVar("Item")


@dataclass(slots=True)
class Message(Generic[Item]):
    """A message on its way, with what it means to its sender."""

    subject: str
    raw: bytes
    headers: dict[str, str] | None
    item: Item


class Flight(Generic[Item]):
    """Messages sent and not acknowledged, by the token that their acknowledgement will name.

    What is sent in order on one connection gets its sequences in order. So no message in flight has a sequence up to
    `floor`: that of the newest message of which all before it are acknowledged.
    """

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.bytes = 0
        self.taken: list[tuple[int, Item]] = []
        """What was acknowledged: sequence and item."""
        self._messages: dict[int, Message[Item]] = {}
        self._order: deque[int] = deque()
        self._ahead: dict[int, int] = {}
        self._token = 0

    def __len__(self) -> int:
        return len(self._messages)

    def __contains__(self, token: int) -> bool:
        return token in self._messages

    def __getitem__(self, token: int) -> Message[Item]:
        return self._messages[token]

    def tokens(self) -> list[int]:
        """Return the tokens in the order sent."""
        return list(self._messages)

    def send(self, message: Message[Item]) -> int:
        """Add a message and return its token."""
        self._token += 1
        self._messages[self._token] = message
        self._order.append(self._token)
        self.bytes += len(message.raw)
        return self._token

    def acknowledge(self, token: int, sequence: int) -> bool:
        """Take a message out, which the ledger has under `sequence`; False when it was out already."""
        message = self._messages.pop(token, None)
        if message is None:
            return False
        self.bytes -= len(message.raw)
        self.taken.append((sequence, message.item))
        order = self._order
        if order[0] != token:
            self._ahead[token] = sequence
            return True
        order.popleft()
        self.floor = max(self.floor, sequence)
        while order and order[0] not in self._messages:
            self.floor = max(self.floor, self._ahead.pop(order.popleft(), 0))
        return True

    def stored_together(self, messages: Sequence[Message[Item]], last: int) -> None:
        """Take note that messages, sent in order while nothing else was, are stored; `last`: the last's sequence.

        Where others may have published in between, the sequence of each is not known but that of the last.
        """
        first = last - len(messages) + 1
        alone = first == self.floor + 1
        self.taken += [(first + index if alone else last, each.item) for index, each in enumerate(messages)]
        self.floor = max(self.floor, last)

    def give_up(self, token: int) -> None:
        """Take a message out that will not arrive."""
        self.bytes -= len(self._messages.pop(token).raw)
        while self._order and self._order[0] not in self._messages:
            self.floor = max(self.floor, self._ahead.pop(self._order.popleft(), 0))

    def contents(self) -> set[tuple[str, bytes]]:
        """Return what a stored message must look like to be one of these."""
        return {(message.subject, message.raw) for message in self._messages.values()}

    def settle(self, stored: list[tuple[int, str, bytes]], upto: int) -> list[int]:
        """Acknowledge what a look into the stream found there; return the tokens that it does not have.

        `stored`: sequence, subject and bytes of messages found over the floor that the look had begun with, up to
        the sequence `upto`. What is acknowledged already is not counted again for another message that is alike.
        """
        spoken_for = set(self._ahead.values())
        found: dict[tuple[str, bytes], list[int]] = {}
        for sequence, subject, raw in stored:
            if sequence > self.floor and sequence not in spoken_for:
                found.setdefault((subject, raw), []).append(sequence)
        for sequences in found.values():
            sequences.reverse()
        for token, message in list(self._messages.items()):
            if sequences := found.get((message.subject, message.raw), []):
                self.acknowledge(token, sequences.pop())
        # What is not there yet comes after everything that was looked at.
        self.floor = max(self.floor, upto)
        self._order = deque(self._messages)
        self._ahead.clear()
        return self.tokens()
