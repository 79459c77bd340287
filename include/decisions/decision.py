"""A decision and why: what every night's skip or start rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """Whether to do the work, with a reason that a person on call can read."""

    go: bool
    reason: str
