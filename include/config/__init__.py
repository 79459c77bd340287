"""The YAML's typed form; versions, S3 keys and job requests are derived here, nowhere else.

This package knows neither Airflow nor boto3: DAGs, policies and the local run all ask it.
"""

from include.config.deployment import Deployment, DeploymentError
from include.config.discovery import (
    find_pipeline,
    mistakes,
    pipeline_files,
    pipeline_folders,
    usable_pipelines,
)
from include.config.errors import PipelineError
from include.config.load import load_pipeline
from include.config.pipeline import Pipeline

__all__ = [
    "Deployment",
    "DeploymentError",
    "Pipeline",
    "PipelineError",
    "find_pipeline",
    "load_pipeline",
    "mistakes",
    "pipeline_files",
    "pipeline_folders",
    "usable_pipelines",
]
