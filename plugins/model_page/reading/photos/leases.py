"""Photos that a user looks at, so that two users do not label the same one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LEASE_SECONDS = 600.0


class Leases:
    """Who was shown which photo last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, tuple[str, float]] = {}

    def is_free(self, file: str, user: str) -> bool:
        """Return whether no other user has been shown a photo lately."""
        with self._lock:
            holder, until = self._held.get(file, ("", 0.0))
        return holder in ("", user) or until < self._clock()

    def take(self, file: str, user: str) -> None:
        """Note that a user is shown a photo."""
        now = self._clock()
        with self._lock:
            self._held = {name: held for name, held in self._held.items() if held[1] >= now}
            self._held[file] = (user, now + LEASE_SECONDS)
