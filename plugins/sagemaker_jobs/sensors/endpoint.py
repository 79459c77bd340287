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
from sagemaker_jobs.links import ENDPOINT_LINKS, endpoint_links
from sagemaker_jobs.sensors.base import BaseSageMakerSensor, tracking_error
from sagemaker_jobs.triggers.endpoint import SageMakerEndpointTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

_DEFAULT_LIMIT = 7200.0  # Seconds.


class SageMakerEndpointStatusSensor(BaseSageMakerSensor):
    """Waits until an endpoint serves the configuration that it was deployed with.

    Succeeds only when the endpoint is InService on that configuration: one that AWS has rolled back
    is InService too. Returns ``{"endpoint_name", "endpoint_config_name", "arn", "status",
    "operation"}``. Where AWS had no machines for it, a try asks for the same change again. Fails
    for good with `EndpointNotUpdated` or `PermanentAwsError`, until the next try with
    `EndpointInterrupted`, `EndpointBusy`, `EndpointStillChanging` or `TrackingInterrupted`. The
    endpoint is left as it is when the task is killed.
    """

    template_fields: Sequence[str] = aws_template_fields("endpoint")
    template_fields_renderers: ClassVar[dict[str, str]] = {"endpoint": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = ENDPOINT_LINKS

    def __init__(self, *, endpoint: dict[str, Any], **kwargs: Any) -> None:
        """Take what to wait for.

        Args:
            endpoint: What `SageMakerDeployEndpointOperator` returned.
            **kwargs: As for `SageMakerJobSensor`; ``timeout`` is two hours by default.
        """
        super().__init__(**kwargs)
        self.endpoint = endpoint

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return when the endpoint serves, or defer until it does."""
        description = self._asked_again(self._describe())
        if self._state(description) is EndpointState.CHANGING:
            wait = self.longest_wait or _DEFAULT_LIMIT
            trigger = SageMakerEndpointTrigger(
                endpoint_name=self.endpoint["endpoint_name"],
                endpoint_config_name=self.endpoint["endpoint_config_name"],
                **self.trigger_parameters(wait),
            )
            self.defer(trigger=trigger, method_name="resume")
        return self._settled(description)

    def resume(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Look at the endpoint again, as it has settled or the triggerer has given up on it."""
        description = self._describe()
        if self._state(description) is EndpointState.CHANGING:
            raise _still_changing(description, event)
        return self._settled(description)

    def _asked_again(self, description: Description) -> Description:
        """Ask once more for what AWS had no machines for; return what the endpoint then is."""
        failed = self._state(description) is EndpointState.FAILED
        if not (failed and lacked_capacity(description) and "request" in self.endpoint):
            return description
        name, reason = description["EndpointName"], description["FailureReason"]
        done = deploy_endpoint(self.hook.get_conn(), self.endpoint["request"]["config"])
        self.log.info("endpoint %s: %s again, after: %s", name, done, reason)
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

    def _settled(self, description: Description) -> dict[str, Any]:
        wanted = self.endpoint["endpoint_config_name"]
        if self._state(description) is not EndpointState.SERVING:
            raise endpoint_failure(description, wanted)
        self.log.info("endpoint %s serves %s", description["EndpointName"], wanted)
        return {
            "endpoint_name": description["EndpointName"],
            "endpoint_config_name": wanted,
            "arn": description["EndpointArn"],
            "status": description["EndpointStatus"],
            "operation": self.endpoint.get("operation"),
        }


def _still_changing(description: Description, event: dict[str, Any]) -> AirflowException:
    state = f"endpoint {description['EndpointName']} is {description['EndpointStatus']} still"
    if event["status"] != "timeout":
        return tracking_error(state, event)
    return EndpointStillChanging(
        f"{state}, but the longest wait is over: the next try, or a clear of this task, waits on"
    )
