"""The typed configuration of pipelines and deployments, loaded from YAML and Airflow Variables.

This package imports neither Airflow nor boto3: DAGs, decisions and the local run all use it.
"""

from include.config.deployment import Deployment, DeploymentError
from include.config.discovery import (
    find_mistakes,
    find_pipeline,
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
    "find_mistakes",
    "find_pipeline",
    "load_pipeline",
    "pipeline_files",
    "pipeline_folders",
    "usable_pipelines",
]
