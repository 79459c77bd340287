"""What can go wrong with a job or an endpoint, as types that a retry policy can match.

Whatever derives from `AirflowFailException` lasts: Airflow does not try the task again.
The other errors pass: the task's next try takes the work up where it stands.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class JobInterrupted(AirflowException):
    """A job ended for a passing reason, or was stopped: the next try starts it anew."""

    job_name = ""
    description: Mapping[str, Any] = MappingProxyType({})


class TrackingInterrupted(AirflowException):
    """AWS did not answer for too long. The job may still run; the next try attaches to it."""


class JobNotStopped(AirflowException):
    """A job that nobody is at could not be stopped: the next try asks SageMaker again.

    `done` holds what `sweep` did with the other jobs: the next try does not see those it stopped.
    """

    done: Mapping[str, list[dict[str, str]]] = MappingProxyType({})


class JobFailed(AirflowFailException):
    """A job failed for a reason that a retry would meet again: data, algorithm or access."""

    job_name = ""
    description: Mapping[str, Any] = MappingProxyType({})


class JobConflict(AirflowFailException):
    """A job of the wanted name exists, but for another request."""


class JobRequestError(AirflowFailException):
    """SageMaker refused to create the job, as its request is not valid or not allowed."""


class PermanentAwsError(AirflowFailException):
    """AWS refused a call that is not allowed, or not valid: another try would meet that again."""


class JobStillRunning(AirflowFailException):
    """The longest wait is over. The job was not stopped."""


class ResourceConflict(AirflowFailException):
    """A model or endpoint configuration of the wanted name exists, but with another content."""


class EndpointBusy(AirflowException):
    """Another change is under way, or was not seen yet: the next try finds it finished."""


class EndpointStillChanging(AirflowException):
    """The longest wait is over, and an endpoint's change goes on: the next try waits on."""


class EndpointInterrupted(AirflowException):
    """AWS had no machines for an endpoint's update: the next try asks for it again."""


class EndpointNotUpdated(AirflowFailException):
    """The endpoint does not serve the wanted configuration, and no longer tries to."""


class EndpointChanged(AirflowFailException):
    """The endpoint serves another configuration than the one that was to be replaced."""
