"""What nightly training may cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from include.config.strict import Strict

Dollars = Annotated[float, Field(gt=0)]


class Budget(Strict):
    """Caps on what training jobs cost, in US dollars; left out, there is none.

    A night that would exceed one fails before it starts a job. One whose cost cannot be known
    fails as well, since a cap that is not checked is none.
    """

    per_run_usd: Dollars | None = Field(
        default=None, description="The most that one night's training job is estimated to cost"
    )
    per_month_usd: Dollars | None = Field(
        default=None, description="The most for all training jobs of a calendar month, in UTC"
    )
