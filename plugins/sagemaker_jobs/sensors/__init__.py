"""Deferrable sensors: they hold no slot while SageMaker works, and end with what came of it."""

from sagemaker_jobs.sensors.track_endpoint import TrackEndpoint
from sagemaker_jobs.sensors.track_job import TrackJob

__all__ = ["TrackEndpoint", "TrackJob"]
