"""The YAML's typed form; versions, S3 keys and job requests are derived here, nowhere else.

This package knows neither Airflow nor boto3: DAGs, policies and the local run all ask it.
"""

from include.pipeline.deployment import Deployment, DeploymentError
from include.pipeline.discovery import (
    find_pipeline,
    mistakes,
    pipeline_files,
    pipeline_folders,
    usable_pipelines,
)
from include.pipeline.errors import PipelineError
from include.pipeline.form import Pipeline
from include.pipeline.layout import Layout
from include.pipeline.load import load_pipeline

__all__ = [
    "Deployment",
    "DeploymentError",
    "Layout",
    "Pipeline",
    "PipelineError",
    "find_pipeline",
    "load_pipeline",
    "mistakes",
    "pipeline_files",
    "pipeline_folders",
    "usable_pipelines",
]
