"""SageMaker jobs and endpoints for Airflow that survive retries, clears and restarts.

Each job is two tasks: one submits it (`SubmitProcessingJob`, `SubmitTrainingJob`,
`SubmitTransformJob`), the other follows it (`TrackJob`) without holding a slot. Endpoints likewise:
`EnsureModel`, `EnsureEndpointConfig`, `DeployEndpoint`, then `TrackEndpoint`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagemaker_jobs.errors import (
        CallRefused,
        EndpointBusy,
        EndpointChanged,
        EndpointInterrupted,
        EndpointNotUpdated,
        EndpointStillChanging,
        JobConflict,
        JobFailed,
        JobInterrupted,
        JobRejected,
        JobStillRunning,
        ResourceConflict,
        TrackingInterrupted,
    )
    from sagemaker_jobs.operators.deploy import DeployEndpoint, EnsureEndpointConfig, EnsureModel
    from sagemaker_jobs.operators.submit import (
        SubmitProcessingJob,
        SubmitTrainingJob,
        SubmitTransformJob,
    )
    from sagemaker_jobs.retries import AwsRetryPolicy
    from sagemaker_jobs.sensors import TrackEndpoint, TrackJob

__all__ = [
    "AwsRetryPolicy",
    "CallRefused",
    "DeployEndpoint",
    "EndpointBusy",
    "EndpointChanged",
    "EndpointInterrupted",
    "EndpointNotUpdated",
    "EndpointStillChanging",
    "EnsureEndpointConfig",
    "EnsureModel",
    "JobConflict",
    "JobFailed",
    "JobInterrupted",
    "JobRejected",
    "JobStillRunning",
    "ResourceConflict",
    "SubmitProcessingJob",
    "SubmitTrainingJob",
    "SubmitTransformJob",
    "TrackEndpoint",
    "TrackJob",
    "TrackingInterrupted",
]

# The plugin and the triggerer import modules of this package, and need no operators: importing the
# provider's takes most of a second, so that what is named here is imported when it is asked for.
_MODULES = ("errors", "retries", "operators.submit", "operators.deploy", "sensors")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for module in _MODULES:
        found = getattr(import_module(f"{__name__}.{module}"), name, None)
        if found is not None:
            return found
    raise AttributeError(f"{__name__} lists {name!r} but has no module for it")
