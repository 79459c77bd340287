"""The trigger that waits for an endpoint in the triggerer."""

from typing import Any

from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.endpoints.updates import EndpointState, state_of
from sagemaker_jobs.triggers.polling import Payload, PollingTrigger


class SageMakerEndpointTrigger(PollingTrigger):
    """Waits until an endpoint serves a configuration, or is no longer changing.

    Fires ``{"status": "ended" | "timeout" | "error", "endpoint_name": ...}``. The endpoint is left
    as it is if the task is killed.
    """

    def __init__(
        self,
        *,
        endpoint_name: str,
        endpoint_config_name: str,
        connection: dict[str, Any],
        pace: dict[str, Any],
    ) -> None:
        super().__init__(connection=connection, pace=pace)
        self.endpoint_name = endpoint_name
        self.endpoint_config_name = endpoint_config_name
        self._last_status = ""

    def context(self) -> Payload:
        """Return the endpoint that the event is about."""
        return {"endpoint_name": self.endpoint_name}

    def serialized_fields(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().serialized_fields(),
            "endpoint_name": self.endpoint_name,
            "endpoint_config_name": self.endpoint_config_name,
        }

    async def check(self, client: Client) -> Payload | None:
        """Log a change of the status, and return the event if the endpoint has settled."""
        description = await client.describe_endpoint(EndpointName=self.endpoint_name)
        status = f"{description['EndpointStatus']} on {description.get('EndpointConfigName')}"
        if status != self._last_status:
            self._last_status = status
            self.log.info("%s: %s", self.endpoint_name, status)
        settled = state_of(description, self.endpoint_config_name) is not EndpointState.CHANGING
        return {"status": "ended"} if settled else None
