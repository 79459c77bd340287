"""The base class of the sensors: connection, polling and links."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor

from sagemaker_jobs.aws_errors import Client, error_message
from sagemaker_jobs.errors import PermanentAwsError, TrackingInterrupted
from sagemaker_jobs.permanent_errors import ACCESS_FIX
from sagemaker_jobs.triggers.polling import Connection, Pace


class BaseSageMakerSensor(AwsBaseSensor[SageMakerHook]):
    """A sensor that waits in one of the package's triggers."""

    aws_hook_class = SageMakerHook

    def __init__(
        self,
        *,
        poll_interval: float = 5,
        outage_timeout: float = 120,
        timeout: timedelta | float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.poll_interval = poll_interval
        self.outage_timeout = outage_timeout
        self.wait_limit = None if timeout is None else self.timeout
        self.links: dict[str, str] = {}

    def trigger_parameters(self, seconds: float) -> dict[str, Any]:
        """Return the constructor's arguments that every trigger takes, given the time to wait."""
        connection = Connection(
            self.aws_conn_id, self.region_name, self.verify, self.botocore_config
        )
        pace = Pace(self.poll_interval, time.time() + seconds, self.outage_timeout)
        return {"connection": asdict(connection), "pace": asdict(pace)}

    def log_end(self, subject: str, read: Callable[[Client], list[str]]) -> None:
        """Log the end of a log, which often says more about a failure than its reason.

        Args:
            subject: Whose log it is, for the message that it cannot be read.
            read: Returns the last lines, given a boto3 client of CloudWatch Logs.
        """
        try:
            hook = AwsLogsHook(
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
                verify=self.verify,
                config=self.botocore_config,
            )
            lines = read(hook.get_conn())
        except Exception as error:
            self.log.warning("the log of %s cannot be read: %s", subject, error_message(error))
            return
        for line in lines:
            self.log.error("%s", line)


def tracking_error(state: str, event: dict[str, Any]) -> PermanentAwsError | TrackingInterrupted:
    """Return the error for a job or endpoint whose trigger has given up although it goes on.

    Args:
        state: The state, as in "training job x is still running".
        event: The trigger's event.
    """
    reason = event.get("message", "the trigger reported its end")
    message = f"{state}, but the triggerer cannot watch it: {reason}"
    # An event that a trigger of an earlier version fired has the key by its former name.
    if event.get("permanent", event.get("lasting")):
        return PermanentAwsError(f"{message.rstrip('.')}: {ACCESS_FIX}")
    return TrackingInterrupted(message)
