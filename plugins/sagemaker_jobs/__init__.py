"""SageMaker jobs and endpoints for Airflow that survive retries, clears and restarts.

A job takes two tasks: an operator submits it (`SageMakerSubmitProcessingOperator`,
`SageMakerSubmitTrainingOperator`, `SageMakerSubmitTransformOperator`), and the deferrable
`SageMakerJobSensor` waits for its end. An endpoint takes `SageMakerEnsureModelOperator`,
`SageMakerEnsureEndpointConfigOperator`, `SageMakerDeployEndpointOperator` and the deferrable
`SageMakerEndpointStatusSensor`.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagemaker_jobs.errors import (
        EndpointBusy,
        EndpointChanged,
        EndpointInterrupted,
        EndpointNotUpdated,
        EndpointStillChanging,
        JobConflict,
        JobFailed,
        JobInterrupted,
        JobRequestError,
        JobStillRunning,
        PermanentAwsError,
        ResourceConflict,
        TrackingInterrupted,
        WorkOfOtherRun,
    )
    from sagemaker_jobs.operators.deploy import (
        SageMakerDeployEndpointOperator,
        SageMakerEnsureEndpointConfigOperator,
        SageMakerEnsureModelOperator,
    )
    from sagemaker_jobs.operators.submit import (
        SageMakerSubmitProcessingOperator,
        SageMakerSubmitTrainingOperator,
        SageMakerSubmitTransformOperator,
    )
    from sagemaker_jobs.retries import AwsRetryPolicy
    from sagemaker_jobs.sensors import SageMakerEndpointStatusSensor, SageMakerJobSensor

__all__ = [
    "AwsRetryPolicy",
    "EndpointBusy",
    "EndpointChanged",
    "EndpointInterrupted",
    "EndpointNotUpdated",
    "EndpointStillChanging",
    "JobConflict",
    "JobFailed",
    "JobInterrupted",
    "JobRequestError",
    "JobStillRunning",
    "PermanentAwsError",
    "ResourceConflict",
    "SageMakerDeployEndpointOperator",
    "SageMakerEndpointStatusSensor",
    "SageMakerEnsureEndpointConfigOperator",
    "SageMakerEnsureModelOperator",
    "SageMakerJobSensor",
    "SageMakerSubmitProcessingOperator",
    "SageMakerSubmitTrainingOperator",
    "SageMakerSubmitTransformOperator",
    "TrackingInterrupted",
    "WorkOfOtherRun",
]

# Both report at INFO, for every client, where they found credentials. A level that an installation
# sets, by [logging] namespace_levels, counts.
for _logger in map(logging.getLogger, ("botocore.credentials", "aiobotocore.credentials")):
    if _logger.level == logging.NOTSET:
        _logger.setLevel(logging.WARNING)

# The plugin and the triggerer import modules of this package but no operators. Importing the
# provider's operators takes most of a second, so the names above are imported on first access.
_MODULES = ("errors", "retries", "operators.submit", "operators.deploy", "sensors")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for module in _MODULES:
        found = getattr(import_module(f"{__name__}.{module}"), name, None)
        if found is not None:
            return found
    raise AttributeError(f"{__name__} lists {name!r} but has no module for it")
