"""Section `notifications`: the events that send messages, deadlines, and the maximum model age."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from include.config.strict import Strict

Event = Literal["failure", "success", "skip", "approval", "promotion", "drift", "stale", "deadline"]
Minutes = Annotated[int, Field(ge=1, le=30 * 24 * 60)]


class Deadlines(Strict):
    """Minutes from a run's queueing to its end; default: as long as its jobs may take."""

    refresh: Minutes | None = None
    conversion: Minutes | None = None
    training: Minutes | None = None
    endpoint: Minutes | None = None
    batch: Minutes | None = None


class Notifications(Strict):
    """A run sends one message per event: when it ends, when it is late, or when it asks a user."""

    events: Annotated[tuple[Event, ...], Field(strict=False)] = (
        "failure",
        "approval",
        "promotion",
        "drift",
        "stale",
        "deadline",
    )
    deadline_minutes: Deadlines = Deadlines()
    max_model_age_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None, description="A champion registered longer ago is stale; default: never"
    )
