"""A deferrable sensor that waits until an endpoint serves a given configuration."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowException

from sagemaker_jobs.endpoints.updates import (
    EndpointState,
    deploy_endpoint,
    describe_endpoint,
    endpoint_failure,
    lacked_capacity,
    state_of,
)
from sagemaker_jobs.errors import EndpointNotUpdated, EndpointStillChanging
from sagemaker_jobs.jobs.kinds import Description
from sagemaker_jobs.jobs.log_tail import last_lines_of_endpoint
from sagemaker_jobs.links import ENDPOINT_LINKS, endpoint_links
from sagemaker_jobs.sensors.base import BaseSageMakerSensor, tracking_error
from sagemaker_jobs.triggers.endpoint import SageMakerEndpointTrigger

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

_DEFAULT_TIMEOUT = 7200.0  # Seconds.


class SageMakerEndpointStatusSensor(BaseSageMakerSensor):
    """Waits until an endpoint serves the configuration that was deployed.

    Succeeds only if the endpoint is InService on that configuration: an endpoint that AWS has
    rolled back is InService, too. Returns ``{"endpoint_name", "endpoint_config_name", "arn",
    "status", "operation"}``. If AWS lacked capacity, a retry repeats the change.

    Fails permanently with `EndpointNotUpdated` or `PermanentAwsError`, and until the next try with
    `EndpointInterrupted`, `EndpointBusy`, `EndpointStillChanging` or `TrackingInterrupted`. The
    endpoint is left as it is if the task is killed.
    """

    template_fields: Sequence[str] = aws_template_fields("endpoint")
    template_fields_renderers: ClassVar[dict[str, str]] = {"endpoint": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = ENDPOINT_LINKS

    def __init__(self, *, endpoint: dict[str, Any], **kwargs: Any) -> None:
        """Create the sensor.

        Args:
            endpoint: The result of `SageMakerDeployEndpointOperator`; templated.
            **kwargs: As for `SageMakerJobSensor`; ``timeout`` is two hours by default.
        """
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.serves = False

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return if the endpoint serves the configuration, else defer until it has settled."""
        description = self._retry_after_lack_of_capacity(self._describe())
        if self._state(description) is EndpointState.CHANGING:
            trigger = SageMakerEndpointTrigger(
                endpoint_name=self.endpoint["endpoint_name"],
                endpoint_config_name=self.endpoint["endpoint_config_name"],
                **self.trigger_parameters(self.wait_limit or _DEFAULT_TIMEOUT),
            )
            self.defer(trigger=trigger, method_name="resume")
        return self._result(description)

    def resume(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Describe the endpoint again after the trigger has fired."""
        description = self._describe()
        if self._state(description) is EndpointState.CHANGING:
            raise _still_changing(description, event)
        return self._result(description)

    def get_openlineage_facets_on_complete(
        self, task_instance: Any
    ) -> "OperatorLineage[Any, Any] | None":
        """Return the archives that the endpoint serves, and the endpoint, for OpenLineage.

        None if the endpoint does not serve the configuration.
        """
        from sagemaker_jobs.lineage.models import endpoint_lineage

        if not self.serves:
            return None
        name, config = self.endpoint["endpoint_name"], self.endpoint["endpoint_config_name"]
        return endpoint_lineage(self.hook.get_conn(), name, config)

    def _retry_after_lack_of_capacity(self, description: Description) -> Description:
        """Repeat a change that failed for lack of capacity; return the endpoint's description."""
        failed = self._state(description) is EndpointState.FAILED
        if not (failed and lacked_capacity(description) and "request" in self.endpoint):
            return description
        name, reason = description["EndpointName"], description["FailureReason"]
        operation = deploy_endpoint(self.hook.get_conn(), self.endpoint["request"]["config"])
        self.log.info("endpoint %s: %s again, after: %s", name, operation, reason)
        return self._describe()

    def _state(self, description: Description) -> EndpointState:
        return state_of(description, self.endpoint["endpoint_config_name"])

    def _describe(self) -> Description:
        client, name = self.hook.get_conn(), self.endpoint["endpoint_name"]
        self.links = endpoint_links(client, name)
        description = describe_endpoint(client, name)
        if description is None:
            raise EndpointNotUpdated(f"endpoint {name} does not exist: deploy it again")
        return description

    def _result(self, description: Description) -> dict[str, Any]:
        config_name = self.endpoint["endpoint_config_name"]
        if self._state(description) is not EndpointState.SERVING:
            name = description["EndpointName"]
            self.log_end(f"endpoint {name}", lambda client: last_lines_of_endpoint(client, name))
            raise endpoint_failure(description, config_name)
        self.log.info("endpoint %s serves %s", description["EndpointName"], config_name)
        self.serves = True
        return {
            "endpoint_name": description["EndpointName"],
            "endpoint_config_name": config_name,
            "arn": description["EndpointArn"],
            "status": description["EndpointStatus"],
            "operation": self.endpoint.get("operation"),
        }


def _still_changing(description: Description, event: dict[str, Any]) -> AirflowException:
    state = f"endpoint {description['EndpointName']} is still {description['EndpointStatus']}"
    if event["status"] != "timeout":
        return tracking_error(state, event)
    return EndpointStillChanging(
        f"{state}, and the timeout of this task has passed: a retry or a clear of this task waits "
        "again"
    )
