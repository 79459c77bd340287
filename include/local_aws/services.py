"""What an API operation works with: the runtime, the job queue and the endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from include.local_aws.endpoints.manager import EndpointManager
from include.local_aws.jobs.queue import JobQueue
from include.local_aws.runtime import Runtime
from include.local_aws.store import Store


@dataclass
class Services:
    """What an API operation may use."""

    runtime: Runtime
    jobs: JobQueue
    endpoints: EndpointManager

    @property
    def store(self) -> Store:
        """The state of every resource."""
        return self.runtime.store
