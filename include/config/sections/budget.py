"""Section `budget`: limits of the cost of nightly training."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from include.config.strict import Strict

Dollars = Annotated[float, Field(gt=0)]


class Budget(Strict):
    """Limits of the cost of training jobs, in US dollars; default: no limit.

    A nightly run whose estimate exceeds a limit fails before it starts a job. A run whose cost
    cannot be estimated fails as well, because its limit could not be checked.
    """

    per_run_usd: Dollars | None = Field(
        default=None, description="The maximum estimated cost of one run's training job"
    )
    per_month_usd: Dollars | None = Field(
        default=None,
        description="The maximum cost of all training jobs of a calendar month, in UTC",
    )
