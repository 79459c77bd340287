"""Tests of the billing facts of a model package."""

import dataclasses
from typing import Any

import pytest

from include.config import Deployment
from include.decisions.costs.billing import billing_facts
from include.sagemaker_requests.package import metadata

DEPLOYMENT = Deployment(
    name="production",
    bucket="some-bucket",
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri="image:1",
    region="us-east-1",
)
SUMMARY = {"billable_seconds": 1800.0, "spot_saving": 0.625, "instance_type": "ml.g4dn.xlarge"}


def test_the_cost_is_computed_from_the_billed_seconds() -> None:
    cost = billing_facts(SUMMARY, DEPLOYMENT)
    assert cost == {"billable_seconds": 1800.0, "spot_saving": 0.625, "cost_usd": 0.368}
    written = {"billable_seconds": "1800.0", "spot_saving": "0.625", "cost_usd": "0.368"}
    assert metadata(cost) == written


def test_a_summary_of_an_earlier_release_has_no_saving() -> None:
    """An upgrade between training and the task `register` must not fail the run."""
    earlier = {key: value for key, value in SUMMARY.items() if key != "spot_saving"}
    assert billing_facts(earlier, DEPLOYMENT) == {
        "billable_seconds": 1800.0, "spot_saving": None, "cost_usd": 0.368,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"instance_type": "ml.p9.xlarge"}, {}),
        ({}, {"region": "eu-west-1"}),
        ({}, {"name": "local"}),
        ({"billable_seconds": None}, {}),
    ],
)
def test_an_unknown_cost_is_not_in_the_metadata(
    changes: dict[str, Any], where: dict[str, str]
) -> None:
    cost = billing_facts({**SUMMARY, **changes}, dataclasses.replace(DEPLOYMENT, **where))
    assert cost["cost_usd"] is None
    assert "cost_usd" not in metadata(cost)
