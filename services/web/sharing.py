"""What is dear to make, made once for everyone who asks for the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Shared"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shared(Generic[K, V]):
    """What was made, and what is being made, by key. Used on one event loop.

    Whoever asked and went away takes what is being made from nobody else.
    """

    def __init__(self, most_under_way: int, too_many: Callable[[dict[K, V]], bool]) -> None:
        """`too_many` tells whether more is kept than may be: the one that was asked for longest ago goes then."""
        self._kept: dict[K, V] = {}
        self._under_way: dict[K, asyncio.Task[V]] = {}
        self._most, self._too_many = most_under_way, too_many

    @property
    def busy(self) -> bool:
        """Whether anything is being made."""
        return bool(self._under_way)

    async def get(self, key: K, make: Callable[[], Coroutine[Any, Any, V]], full: Callable[[], Exception]) -> V:
        """Give what there is under a key, or make it. Raises what `full` gives when too much is being made already."""
        if key in self._kept:
            kept = self._kept[key] = self._kept.pop(key)  # the one used last goes last
            return kept
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= self._most:
                raise full()
            task = self._under_way[key] = asyncio.create_task(make(), name="shared")
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what is being made."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, key: K, task: asyncio.Task[V]) -> None:
        del self._under_way[key]
        # Whoever waits has been told of a failure; that nobody waits any more is no fault.
        if task.cancelled() or task.exception() is not None:
            return
        self._kept[key] = task.result()
        while len(self._kept) > 1 and self._too_many(self._kept):
            del self._kept[next(iter(self._kept))]
