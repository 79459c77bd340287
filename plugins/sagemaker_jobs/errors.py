"""Errors of jobs and endpoints, as types that a retry policy can match.

Errors that derive from `AirflowFailException` are permanent: Airflow does not retry the task.
`WorkOfOtherRun` skips the task. The others are retryable: the next try continues with the job or
endpoint as it is then.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException


class JobInterrupted(AirflowException):
    """A job failed for a retryable reason or was stopped: the next try starts a new attempt."""

    job_name = ""
    description: Mapping[str, Any] = MappingProxyType({})


class TrackingInterrupted(AirflowException):
    """AWS did not answer for too long. The job may still run; the next try attaches to it."""


class JobNotStopped(AirflowException):
    """An orphaned job could not be stopped: the next try asks SageMaker again.

    `done` has what `sweep` did with the other jobs: the next try does not see the stopped ones.
    """

    done: Mapping[str, list[dict[str, str]]] = MappingProxyType({})


class JobFailed(AirflowFailException):
    """A job failed for a reason that a retry cannot fix: data, algorithm or permissions."""

    job_name = ""
    description: Mapping[str, Any] = MappingProxyType({})


class JobConflict(AirflowFailException):
    """A job of the same name exists, but with another request."""


class WorkOfOtherRun(AirflowSkipException):
    """Another run that has not ended does the same work: this task is skipped."""


class JobRequestError(AirflowFailException):
    """SageMaker did not create the job because its request is not valid or not allowed."""


class PermanentAwsError(AirflowFailException):
    """AWS refused a call that is not allowed or not valid. A retry would be refused again."""


class JobStillRunning(AirflowFailException):
    """The sensor's timeout has passed. The job was not stopped."""


class ResourceConflict(AirflowFailException):
    """A model or endpoint configuration of the same name exists, but with other content."""


class EndpointBusy(AirflowException):
    """Another change of the endpoint is in progress: the next try finds it finished."""


class EndpointStillChanging(AirflowException):
    """The sensor's timeout has passed and the endpoint is still changing: the next try waits on."""


class EndpointInterrupted(AirflowException):
    """AWS had no capacity for the update of an endpoint: the next try repeats the update."""


class EndpointNotUpdated(AirflowFailException):
    """The endpoint does not serve the requested configuration, and no change is in progress."""


class EndpointChanged(AirflowFailException):
    """The endpoint serves another configuration than the one that the update was to replace."""
