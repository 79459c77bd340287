"""All readers of an installation, which share its clients and caches."""

from __future__ import annotations

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
    """

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.objects = ObjectReader(installation.s3, installation.deployment.bucket)
        self.registry = RegistryReader(installation.sagemaker)
        self.serving = ServingReader(installation.sagemaker)
        self.traffic = TrafficReader(installation.cloudwatch)
        self.batches = BatchLister(self.objects)
        self.leases = Leases()
        self.trainings = TrainingReader(
            installation.sagemaker, installation.logs, installation.deployment
        )
        self.releases = ReleaseReader(self.objects)
