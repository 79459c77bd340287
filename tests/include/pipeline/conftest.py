"""A deployment, the project's pipelines, and a place for YAML files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from include.pipeline import Deployment, Pipeline, find_pipeline

WriteYaml = Callable[[str, str], Path]


@pytest.fixture
def deployment() -> Deployment:
    return Deployment(
        name="testing",
        bucket="some-bucket",
        role_arn="arn:aws:iam::123456789012:role/sagemaker",
        image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:0.1",
        region="us-east-1",
    )


@pytest.fixture
def cars() -> Pipeline:
    return find_pipeline("stanford_cars")


@pytest.fixture
def write_yaml(tmp_path: Path) -> WriteYaml:
    def write(name: str, content: str) -> Path:
        file = tmp_path / f"{name}.yaml"
        file.write_text(content, encoding="utf-8")
        return file

    return write
