"""A desk that is given reports all the time, whatever becomes of the ledger meanwhile: for how long it lets wait."""

from __future__ import annotations

import http.client
import threading
import time
from types import TracebackType
from typing import Final

from services.bench.crisis import Crisis
from services.bench.figures import NotMeasured

__all__ = ["RATE_OF_DESK", "Accepting"]

RATE_OF_DESK: Final = 50
"""Reports a second."""
_PATIENCE: Final = 60.0
_KIND: Final = {"Content-Type": "application/cloudevents+json"}


class Accepting:
    """Gives reports by HTTP, one after another, from entering the block until it ends. Not to be used twice."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._give, name="accepting", daemon=True)
        self._wrong = ""
        self.accepted = 0
        self.longest = 0.0
        """Milliseconds from when a report was due to the end of its answer, of the one that waited longest."""

    def __enter__(self) -> Accepting:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def ensure_all(self) -> None:
        """Raise NotMeasured unless every report was accepted."""
        if self._wrong or not self.accepted:
            raise NotMeasured(f"the desk did not accept every report: {self._wrong or 'none was given'}")

    def _give(self) -> None:
        crisis = Crisis()
        desk = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        due = time.monotonic()
        try:
            while not self._over.wait(max(0.0, due - time.monotonic())):
                desk.request("POST", "/v1/events", crisis.report()[1], _KIND)
                answer = desk.getresponse()
                answer.read()
                if answer.status != 201:
                    self._wrong = f"status {answer.status}"
                    return
                self.accepted += 1
                self.longest = max(self.longest, (time.monotonic() - due) * 1000)
                due += 1 / RATE_OF_DESK
        except (OSError, http.client.HTTPException) as why:
            self._wrong = type(why).__name__
        finally:
            desk.close()
