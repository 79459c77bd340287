"""Section `schedules`: cron expressions of a pipeline's DAGs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import available_timezones

from croniter import CroniterBadDateError, croniter
from pydantic import AfterValidator

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


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("allowed: a name of the time zone database, such as UTC or Asia/Shanghai")
    return name


Cron = Annotated[str, AfterValidator(_cron)]


class Schedules(Strict):
    """Cron expressions; null: triggered manually only.

    RecordIO conversion and endpoint update have no schedule: assets trigger them.
    """

    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    refresh: Cron | None = None
    training: Cron | None = None
    batch: Cron | None = None
