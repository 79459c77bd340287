"""The services that an API operation uses: the runtime, the job queue and the endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from include.local_aws.endpoints.manager import EndpointManager
from include.local_aws.jobs.queue import JobQueue
from include.local_aws.runtime import Runtime
from include.local_aws.store import Store


@dataclass
class Services:
    """The runtime, the job queue and the endpoints."""

    runtime: Runtime
    jobs: JobQueue
    endpoints: EndpointManager

    @property
    def store(self) -> Store:
        """The state of all resources."""
        return self.runtime.store
