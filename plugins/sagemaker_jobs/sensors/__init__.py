"""Deferrable sensors, which hold no worker slot while SageMaker works."""

from sagemaker_jobs.sensors.endpoint import SageMakerEndpointStatusSensor
from sagemaker_jobs.sensors.job import SageMakerJobSensor

__all__ = ["SageMakerEndpointStatusSensor", "SageMakerJobSensor"]
