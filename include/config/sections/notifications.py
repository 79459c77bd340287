"""Section `notifications`: the events that send messages, deadlines, and the maximum model age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, create_model

from include.config.dag_families import DEADLINES, get_family
from include.config.strict import Strict

Event = Literal["failure", "success", "skip", "approval", "promotion", "drift", "stale", "deadline"]
Minutes = Annotated[int, Field(ge=1, le=30 * 24 * 60)]


class _FamilyDeadlines(Strict):
    def minutes(self, family: str) -> int | None:
        """Return the deadline of a family's DAG; None if the pipeline sets none."""
        minutes: int | None = getattr(self, get_family(family).deadline)
        return minutes


if TYPE_CHECKING:

    class Deadlines(_FamilyDeadlines):
        """Minutes from a run's creation to its end; default: as long as its jobs may take."""

else:
    # The registry of families has the fields.
    Deadlines = create_model(
        "Deadlines",
        __base__=_FamilyDeadlines,
        __module__=__name__,
        __doc__="Minutes from a run's creation to its end; default: as long as its jobs may take.",
        **{name: (Minutes | None, None) for name in DEADLINES},
    )


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
