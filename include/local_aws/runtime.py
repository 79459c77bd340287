"""The runtime of jobs and endpoints: state, data, images, logs and metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

from include.local_aws.image_registry import ImageRegistry
from include.local_aws.observability.cloudwatch.alarms import Alarms
from include.local_aws.observability.cloudwatch.metrics import EndpointMetrics
from include.local_aws.observability.logs import LogFiles
from include.local_aws.processes.isolation import Isolation
from include.local_aws.settings import Settings, program_environment
from include.local_aws.storage.objects import Objects
from include.local_aws.store import Store


@dataclass
class Runtime:
    """What a job or an endpoint uses: the state, S3, the images, the logs and the metrics."""

    settings: Settings
    store: Store
    images: ImageRegistry
    objects: Objects
    logs: LogFiles
    s3_endpoint_url: str
    isolation: Isolation
    metrics: EndpointMetrics = field(default_factory=EndpointMetrics)

    def __post_init__(self) -> None:
        """Create the alarms on these metrics."""
        self.alarms = Alarms(self.metrics, self.store)

    @property
    def aws(self) -> dict[str, str]:
        """The environment that points a program at this server."""
        return program_environment(
            self.settings.endpoint_url, self.s3_endpoint_url, self.settings.credentials
        )
