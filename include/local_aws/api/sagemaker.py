"""The SageMaker API: one operation by name, checked before and trimmed after."""

from typing import Any

from include.local_aws.api import tags
from include.local_aws.api.endpoints import endpoint_configs, endpoints
from include.local_aws.api.jobs import processing_jobs, training_jobs, transform_jobs
from include.local_aws.api.jobs.unserved import refuse_unserved
from include.local_aws.api.operation import Handler
from include.local_aws.api.registry import model_package_groups, model_packages, models
from include.local_aws.api.validation import ServiceModel
from include.local_aws.errors import ApiError
from include.local_aws.services import Services

OPERATIONS: dict[str, Handler] = {
    **training_jobs.OPERATIONS,
    **processing_jobs.OPERATIONS,
    **transform_jobs.OPERATIONS,
    **models.OPERATIONS,
    **endpoint_configs.OPERATIONS,
    **endpoints.OPERATIONS,
    **model_packages.OPERATIONS,
    **model_package_groups.OPERATIONS,
    **tags.OPERATIONS,
}


class SageMaker:
    """Answers SageMaker's JSON operations."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._model = ServiceModel()

    def call(self, operation: str, request: Any) -> dict[str, Any]:
        """The response of an operation; it may block.

        Raises:
            ApiError: the request breaks the service model, asks for what is not there, or for
                an operation that this server does not have.
        """
        handler = OPERATIONS.get(operation)
        if handler is None:
            whose = "local_aws" if self._model.has_operation(operation) else "SageMaker"
            raise ApiError(
                f"{whose} does not support the operation {operation}.",
                code="UnknownOperationException",
            )
        checked = self._model.check(operation, request)
        refuse_unserved(operation, checked)
        return self._model.response(operation, dict(handler(self._services, checked)))
