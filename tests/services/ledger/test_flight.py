"""What is on its way: the floor under it never rises above a message that is still in flight."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.flight import Flight, Message


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 4))
def test_after_any_loss_of_acknowledgements_each_message_is_stored_once(seed: int, count: int, alike: int) -> None:
    chance = random.Random(seed)
    flight: Flight[int] = Flight(0)
    stored: list[tuple[int, str, bytes]] = []

    def arrive(token: int) -> int:
        stored.append((len(stored) + 1, "s", flight[token].raw))
        return len(stored)

    for item in range(count):
        flight.send(Message("s", b"%d" % (item % alike), None, item))
    tokens = flight.tokens()
    while tokens:
        # Some do not arrive, of those that do some acknowledgements are lost, the others come in any order.
        arrived = [(token, arrive(token)) for token in tokens if chance.random() < 0.7]
        heard = [each for each in arrived if chance.random() < 0.7]
        chance.shuffle(heard)
        for token, sequence in heard:
            assert flight.acknowledge(token, sequence)
            assert not flight.acknowledge(token, sequence)
        floor = flight.floor
        left = {token for token, _ in arrived} & set(flight.tokens())
        assert all(sequence > floor for token, sequence in arrived if token in left)
        found = [each for each in stored if each[0] > floor and each[1:] in flight.contents()]
        tokens = flight.settle(found, len(stored))
    assert sorted(item for _, item in flight.taken) == list(range(count))
    assert sorted(sequence for sequence, _ in flight.taken) == list(range(1, count + 1))
    assert len(stored) == count
    assert flight.bytes == 0
    by_sequence = {sequence: raw for sequence, _, raw in stored}
    assert all(by_sequence[sequence] == b"%d" % (item % alike) for sequence, item in flight.taken)


def test_one_given_up_holds_nothing_back() -> None:
    flight: Flight[str] = Flight(7)
    first, second, third = (flight.send(Message("s", name.encode(), None, name)) for name in ("a", "bb", "ccc"))
    flight.acknowledge(second, 8)
    assert flight.floor == 7
    flight.give_up(first)
    assert flight.floor == 8
    assert (len(flight), flight.bytes) == (1, 3)
    flight.acknowledge(third, 9)
    assert flight.floor == 9
    assert flight.taken == [(8, "bb"), (9, "ccc")]
