"""All readers of an installation, which share its clients and caches."""

from __future__ import annotations

import time
from collections.abc import Callable

from model_page.installation import Installation
from model_page.reading.models.registry import RegistryReader
from model_page.reading.models.releases import ReleaseReader
from model_page.reading.models.serving import ServingReader
from model_page.reading.models.traffic import TrafficReader
from model_page.reading.models.trainings import TrainingReader
from model_page.reading.objects import ObjectReader
from model_page.reading.photos.batches import BatchLister
from model_page.reading.photos.leases import Leases


class Sources:
    """The readers of one installation.

    Args:
        installation: The installation whose bucket and registry are read.
        clock: Returns the time in seconds, by which what was read grows old.
    """

    def __init__(
        self, installation: Installation, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.installation = installation
        self.objects = ObjectReader(installation.s3, installation.deployment.bucket, clock=clock)
        self.registry = RegistryReader(installation.sagemaker, clock)
        self.serving = ServingReader(installation.sagemaker)
        self.traffic = TrafficReader(installation.cloudwatch, clock)
        self.batches = BatchLister(self.objects, clock)
        self.leases = Leases(clock)
        self.trainings = TrainingReader(
            installation.sagemaker, installation.logs, installation.deployment
        )
        self.releases = ReleaseReader(self.objects, clock)
