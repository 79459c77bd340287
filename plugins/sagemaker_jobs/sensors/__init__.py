"""Deferrable sensors: they hold no slot while SageMaker works, and end with what came of it."""

from sagemaker_jobs.sensors.endpoint import TrackEndpoint
from sagemaker_jobs.sensors.job import TrackJob

__all__ = ["TrackEndpoint", "TrackJob"]
