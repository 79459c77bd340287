"""The tags by which a pipeline's and a deployment's things are known."""

from __future__ import annotations

from typing import Any


def read_tags(sagemaker: Any, arn: str) -> dict[str, str]:
    """Return the tags of one of SageMaker's things, their values by key."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
