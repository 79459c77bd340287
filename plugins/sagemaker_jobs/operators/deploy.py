"""Idempotent operators for models, endpoint configurations and endpoints.

Each operator describes the resource before it changes anything, so that it can run again.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerBaseOperator,
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
)
from airflow.sdk import BaseOperatorLink

from sagemaker_jobs.endpoints.resources import ENDPOINT_CONFIG, MODEL, Resource, ensure_resource
from sagemaker_jobs.endpoints.updates import check_replaced, deploy_endpoint
from sagemaker_jobs.links import ENDPOINT_LINKS, endpoint_links

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context


class _PreparedOperator(SageMakerBaseOperator):
    """Takes its config from a templated request, and prepares it as the provider's operators do."""

    template_fields: Sequence[str] = (*SageMakerBaseOperator.template_fields, "request")
    template_fields_renderers: ClassVar[dict[str, str]] = {"config": "json", "request": "json"}

    def __init__(self, *, request: dict[str, Any], **kwargs: Any) -> None:
        """Create the operator.

        Args:
            request: ``config``, the whole boto3 request; templated, usually another task's XCom.
            **kwargs: As for the provider's operator: ``aws_conn_id``, ``region_name`` and so on.
        """
        super().__init__(config={}, **kwargs)
        self.request = request

    def prepare(self) -> None:
        """Set `config` from the request, with integers parsed and the role expanded."""
        if "config" not in self.request:
            raise ValueError(f"task {self.task_id}: the request has no config")
        self.config = dict(self.request["config"])
        self._create_integer_fields()
        self.parse_config_integers()
        self.expand_role()

    def ensure(self, resource: Resource) -> str:
        """Create the resource that `config` describes unless it exists; return its ARN."""
        self.prepare()
        arn, created = ensure_resource(self.hook.get_conn(), resource, self.config)
        name = self.config[resource.name_field]
        self.log.info("%s %s %s", "created" if created else "found", resource.title, name)
        return arn


class SageMakerEnsureModelOperator(_PreparedOperator, SageMakerModelOperator):
    """Creates a model unless it exists. Returns ``{"model_name", "arn"}``.

    Raises `ResourceConflict` if a model of the same name has other content.
    """

    def execute(self, context: "Context") -> dict[str, Any]:
        """Create the model unless it exists."""
        arn = self.ensure(MODEL)
        return {"model_name": self.config["ModelName"], "arn": arn}

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> "OperatorLineage[Any, Any]":
        """Return the model's archive as the input, for OpenLineage."""
        from sagemaker_jobs.lineage.models import model_lineage

        return model_lineage(self.hook.get_conn(), self.config)


class SageMakerEnsureEndpointConfigOperator(_PreparedOperator, SageMakerEndpointConfigOperator):
    """Creates an endpoint configuration unless it exists.

    Returns ``{"endpoint_config_name", "arn"}``. Raises `ResourceConflict` if a configuration of the
    same name has other content.
    """

    def execute(self, context: "Context") -> dict[str, Any]:
        """Create the configuration unless it exists."""
        arn = self.ensure(ENDPOINT_CONFIG)
        return {"endpoint_config_name": self.config["EndpointConfigName"], "arn": arn}


class SageMakerDeployEndpointOperator(_PreparedOperator, SageMakerEndpointOperator):
    """Creates or updates an endpoint, without waiting for the end of the change.

    Returns ``{"endpoint_name", "endpoint_config_name", "operation", "request"}``; the operation is
    ``create``, ``update``, ``attach`` (the change is in progress) or ``none`` (already served), and
    the request lets `SageMakerEndpointStatusSensor`, which waits for the end, repeat the change if
    AWS lacked capacity.
    """

    operator_extra_links: Collection[BaseOperatorLink] = ENDPOINT_LINKS

    def __init__(self, *, request: dict[str, Any], **kwargs: Any) -> None:
        """Create the operator.

        Args:
            request: ``config`` with ``EndpointName``, ``EndpointConfigName`` and optionally
                ``DeploymentConfig`` and ``Tags``. With ``replaces``, the name of a configuration
                or None, the task fails unless the endpoint serves that configuration (or does not
                exist). Templated.
            **kwargs: As for the provider's operator.
        """
        super().__init__(request=request, wait_for_completion=False, deferrable=False, **kwargs)
        self.links: dict[str, str] = {}

    def execute(self, context: "Context") -> dict[str, Any]:
        """Create, update or leave the endpoint, depending on its state."""
        self.prepare()
        client = self.hook.get_conn()
        name = self.config["EndpointName"]
        self.links = endpoint_links(client, name)
        if "replaces" in self.request:
            check_replaced(client, self.config, self.request["replaces"])
        operation = deploy_endpoint(client, self.config)
        self.log.info("endpoint %s: %s %s", name, operation, self.config["EndpointConfigName"])
        return {
            "endpoint_name": name,
            "endpoint_config_name": self.config["EndpointConfigName"],
            "operation": operation,
            "request": {"config": self.config},
        }
