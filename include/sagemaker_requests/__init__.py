"""Requests to SageMaker as plain dictionaries, one module per kind of request."""

from include.sagemaker_requests.dry_run import DryRunRequest, dry_run_requests
from include.sagemaker_requests.endpoint import endpoint_config_request, endpoint_request
from include.sagemaker_requests.evaluate import evaluate_request
from include.sagemaker_requests.fetch import fetch_request
from include.sagemaker_requests.im2rec import im2rec_request
from include.sagemaker_requests.job import JobRequest, ResourceRequest, shared_request
from include.sagemaker_requests.model import candidate_model_request, packaged_model_request
from include.sagemaker_requests.package import package_group_request, package_request
from include.sagemaker_requests.refresh import LabelInputs, refresh_request, source_uri
from include.sagemaker_requests.report import report_request
from include.sagemaker_requests.select import RUN_TIME, select_request
from include.sagemaker_requests.training import training_hyperparameters, training_request
from include.sagemaker_requests.transform import (
    batch_transform_request,
    evaluation_transform_request,
    manifest,
)

__all__ = [
    "RUN_TIME",
    "DryRunRequest",
    "JobRequest",
    "LabelInputs",
    "ResourceRequest",
    "batch_transform_request",
    "candidate_model_request",
    "dry_run_requests",
    "endpoint_config_request",
    "endpoint_request",
    "evaluate_request",
    "evaluation_transform_request",
    "fetch_request",
    "im2rec_request",
    "manifest",
    "package_group_request",
    "package_request",
    "packaged_model_request",
    "refresh_request",
    "report_request",
    "select_request",
    "shared_request",
    "source_uri",
    "training_hyperparameters",
    "training_request",
]
