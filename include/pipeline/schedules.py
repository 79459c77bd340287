"""When a pipeline's DAGs run by themselves."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from croniter import croniter
from pydantic import AfterValidator

from include.pipeline.strict import Strict


def _cron(text: str) -> str:
    if not croniter.is_valid(text):
        raise ValueError("allowed: a cron expression such as '0 2 * * *', or null for never")
    return text


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("allowed: a name of the time zone database, such as UTC or Asia/Shanghai")
    return name


Cron = Annotated[str, AfterValidator(_cron)]


class Schedules(Strict):
    """Cron expressions; null means by hand only.

    RecordIO conversion and endpoint update have none: what they wait for starts them.
    """

    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    refresh: Cron | None = None
    training: Cron | None = None
    batch: Cron | None = None
