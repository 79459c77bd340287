"""Section `schedules`: cron expressions of a pipeline's DAGs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated
from zoneinfo import available_timezones

from croniter import CroniterBadDateError, croniter
from pydantic import AfterValidator, create_model

from include.config.dag_families import SCHEDULES, get_family
from include.config.strict import Strict

FIELDS = 5
"""Minute, hour, day of month, month, day of week. A sixth field would be seconds."""

RANDOM = re.compile(r"\b[HhRr]\b")
"""croniter replaces these by a random number, another one each time the file is read."""

ALLOWED = (
    "allowed: a cron expression such as '0 2 * * *' with five fields (minute, hour, day of month, "
    "month, day of week), @hourly, @daily, @weekly, @monthly, @yearly, or null for never"
)


def _cron(text: str) -> str:
    known = croniter.is_valid(text) and RANDOM.search(text) is None
    if not known or not (text.startswith("@") or len(text.split()) == FIELDS):
        raise ValueError(ALLOWED)
    try:
        croniter(text, datetime.now(UTC)).get_next()
    except CroniterBadDateError:
        raise ValueError(
            "no date in the next 50 years fits it, such as 30 February: the DAG would never run; "
            f"{ALLOWED}"
        ) from None
    return text


@cache
def _timezones() -> frozenset[str]:
    # Listing them reads hundreds of files.
    return frozenset(available_timezones())


def _timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("allowed: a name of the time zone database, such as UTC or Asia/Shanghai")
    return name


Cron = Annotated[str, AfterValidator(_cron)]


class _FamilySchedules(Strict):
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"

    def cron(self, family: str) -> str | None:
        """Return the cron expression of a family's DAG; None for manual runs only."""
        field = get_family(family).schedule
        expression: str | None = getattr(self, field) if field else None
        return expression


if TYPE_CHECKING:

    class Schedules(_FamilySchedules):
        """Cron expressions; null: triggered manually only. Assets trigger the other DAGs."""

else:
    # The registry of families has the fields.
    Schedules = create_model(
        "Schedules",
        __base__=_FamilySchedules,
        __module__=__name__,
        __doc__="Cron expressions; null: triggered manually only. Assets trigger the other DAGs.",
        **{name: (Cron | None, None) for name in SCHEDULES},
    )
