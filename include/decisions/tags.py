"""Tags of SageMaker resources, by which a pipeline and a deployment recognize their own."""

from __future__ import annotations

from typing import Any


def read_tags(sagemaker: Any, arn: str) -> dict[str, str]:
    """Return the tags of a SageMaker resource: values by key."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
