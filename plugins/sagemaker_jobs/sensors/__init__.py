"""Deferrable sensors: they hold no slot while SageMaker works, and end with what came of it."""

from sagemaker_jobs.sensors.endpoint import SageMakerEndpointStatusSensor
from sagemaker_jobs.sensors.job import SageMakerJobSensor

__all__ = ["SageMakerEndpointStatusSensor", "SageMakerJobSensor"]
