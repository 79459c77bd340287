"""What is asked of SageMaker, as plain dictionaries: one file a family of requests."""

from include.sagemaker_requests.dry_run import Rehearsed, rehearse
from include.sagemaker_requests.endpoint import endpoint_config_request, endpoint_request
from include.sagemaker_requests.evaluate import evaluate_request
from include.sagemaker_requests.im2rec import im2rec_request
from include.sagemaker_requests.job import JobRequest, ResourceRequest
from include.sagemaker_requests.model import candidate_model_request, packaged_model_request
from include.sagemaker_requests.package import package_group_request, package_request
from include.sagemaker_requests.refresh import refresh_request, source_uri
from include.sagemaker_requests.report import report_request
from include.sagemaker_requests.training import training_hyperparameters, training_request
from include.sagemaker_requests.transform import (
    batch_transform_request,
    evaluation_transform_request,
    manifest,
)

__all__ = [
    "JobRequest",
    "Rehearsed",
    "ResourceRequest",
    "batch_transform_request",
    "candidate_model_request",
    "endpoint_config_request",
    "endpoint_request",
    "evaluate_request",
    "evaluation_transform_request",
    "im2rec_request",
    "manifest",
    "package_group_request",
    "package_request",
    "packaged_model_request",
    "refresh_request",
    "rehearse",
    "report_request",
    "source_uri",
    "training_hyperparameters",
    "training_request",
]
