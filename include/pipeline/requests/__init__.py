"""What is asked of SageMaker, as plain dictionaries: one file a family of requests."""

from include.pipeline.requests.endpoint import endpoint_config_request, endpoint_request
from include.pipeline.requests.evaluate import evaluate_request
from include.pipeline.requests.im2rec import im2rec_request
from include.pipeline.requests.job import JobRequest, ResourceRequest
from include.pipeline.requests.model import candidate_model_request, packaged_model_request
from include.pipeline.requests.package import package_group_request, package_request
from include.pipeline.requests.refresh import refresh_request, source_uri
from include.pipeline.requests.rehearsal import Rehearsed, rehearse
from include.pipeline.requests.report import report_request
from include.pipeline.requests.training import training_hyperparameters, training_request
from include.pipeline.requests.transform import (
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
