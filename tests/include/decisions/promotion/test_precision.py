"""Tests of the serving precision."""

from dataclasses import replace
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.decisions.batch.plan import batch_requests
from include.decisions.endpoint.plan import plan_deployment
from include.decisions.promotion.precision import check_precision, choose_precision
from include.decisions.registry.packages import Package, RegistryError
from include.storage.layout import Layout

ON_AWS = Deployment(
    "testing", "some-bucket", "arn:aws:iam::123456789012:role/r", "image:1", "us-east-1"
)
LOCAL = replace(ON_AWS, name="local")
INT8 = Package("arn:x/7", "Approved", "image:1", "s3://b/m", {"serving_precision": "int8"})


def custom() -> Pipeline:
    """Return a pipeline of the custom image; its inference runs on ml.c5.xlarge."""
    return find_pipeline("stanford_cars", "local")


@pytest.mark.parametrize(
    ("instance_type", "allowed"),
    [
        ("ml.c6i.xlarge", True),
        ("ml.m6i.large", True),
        ("ml.r7i.2xlarge", True),
        ("ml.m7i-flex.large", True),
        ("ml.c6in.xlarge", True),
        ("ml.c5.xlarge", False),  # Skylake or Cascade Lake
        ("ml.m5.large", False),
        ("ml.c6g.xlarge", False),  # Arm
        ("ml.g5.xlarge", False),  # AMD
        ("ml.inf2.xlarge", False),
        ("ml.trn1.2xlarge", False),
    ],
)
def test_an_int8_package_serves_only_on_instances_with_the_instructions(
    instance_type: str, allowed: bool
) -> None:
    """Without the instructions a server does not start, also on an instance replaced later."""
    check_precision(INT8, LOCAL, "endpoint.instance_type", instance_type)
    float32 = replace(INT8, metadata={"serving_precision": "float32"})
    for other in (float32, replace(INT8, metadata={})):
        check_precision(other, ON_AWS, "endpoint.instance_type", instance_type)
    if allowed:
        check_precision(INT8, ON_AWS, "endpoint.instance_type", instance_type)
        return
    message = rf"package 7 was judged in int8, and endpoint\.instance_type {instance_type} may"
    with pytest.raises(RegistryError, match=message):
        check_precision(INT8, ON_AWS, "endpoint.instance_type", instance_type)


def test_the_local_deployment_ignores_instance_types() -> None:
    accepted = {"int8:accepted": 1.0}
    assert choose_precision(custom(), LOCAL, accepted)[0] == "int8"
    assert choose_precision(custom(), ON_AWS, accepted)[0] == "float32"


def test_an_endpoint_update_to_an_int8_package_fails_in_its_plan(
    sagemaker: Any, registry: Any
) -> None:
    """A failed update would reject the package for a fault of the instances."""
    registry.lists(7, ModelApprovalStatus="Approved")
    registry.describes(7, serving_precision="int8")
    with pytest.raises(RegistryError, match="judged in int8"):
        plan_deployment(sagemaker.client, custom(), ON_AWS, None)


def test_a_batch_with_an_int8_package_fails_in_its_plan(layout: Layout) -> None:
    facts = {"serving_precision": "int8", "dataset_version": "d1"}
    package = replace(INT8, metadata=facts)
    with pytest.raises(RegistryError, match=r"batch\.transform\.instance_type ml\.c5\.xlarge may"):
        batch_requests(None, layout, custom(), ON_AWS, "b1", package)
