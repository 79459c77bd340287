"""The result of a decision: whether a run does the work, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """Whether to do the work.

    Attributes:
        go: True to do the work, False to skip it.
        reason: The reason, as shown in the log, in an XCom and in notifications.
    """

    go: bool
    reason: str
