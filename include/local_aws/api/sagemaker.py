"""The SageMaker API: validation of requests, operations, and fields of responses."""

from typing import Any

from include.local_aws.api import tags
from include.local_aws.api.endpoints import endpoint_configs, endpoints
from include.local_aws.api.jobs import processing_jobs, training_jobs, transform_jobs
from include.local_aws.api.operation import Handler
from include.local_aws.api.registry import model_package_groups, model_packages, models
from include.local_aws.api.unsupported_members import refuse_unsupported
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
    """The operations of SageMaker's JSON API."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._model = ServiceModel()

    def call(self, operation: str, request: Any) -> dict[str, Any]:
        """Run an operation and return its response; this may block.

        Raises:
            ApiError: The request is not valid, names a resource that does not exist, or is for an
                operation or a feature that this server does not have.
        """
        handler = OPERATIONS.get(operation)
        if handler is None:
            server = "local_aws" if self._model.has_operation(operation) else "SageMaker"
            raise ApiError(
                f"{server} does not support the operation {operation}.",
                code="UnknownOperationException",
            )
        checked = self._model.check(operation, request)
        refuse_unsupported(operation, checked)
        return self._model.response(operation, dict(handler(self._services, checked)))
