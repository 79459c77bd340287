"""Fields of one form: the error says in words what is allowed."""

from pathlib import Path
from typing import Any

import pytest

from include.config.errors import PipelineError
from include.config.load import load_pipeline
from tests.include.conftest import WriteYaml

SOURCE = "source: {layout: class_folders%s}\n"

MISTAKES: dict[str, tuple[str, str]] = {
    "uri": (SOURCE % ", uri: bucket/photos", "source.uri: 'bucket/photos' is not allowed"),
    "complete_marker": (SOURCE % ", complete_marker: /done", "such as _SUCCESS"),
    "urls": (SOURCE % ", urls: ['ftp://x/y']", "such as https://example.com/cars.zip"),
    "name": (
        SOURCE % ", urls: [{name: a/b.zip, mirrors: ['https://x/y']}]",
        "a file name without folders, such as cars.zip",
    ),
    "sha256": (
        SOURCE % ", urls: [{sha256: abc, mirrors: ['https://x/y']}]",
        "64 hexadecimal digits, as sha256sum prints them",
    ),
    "instance_type": (
        SOURCE % "" + "training: {instance: {instance_type: c5.xlarge}}",
        "a SageMaker instance type, such as ml.c5.xlarge",
    ),
    "pretrained_model_uri": (
        SOURCE % "" + "training: {hyperparameters: {pretrained_model_uri: 'ftp://x'}}",
        "s3://bucket/key, https://... or file:///...",
    ),
    "image_shape": (
        SOURCE % "" + "training: {hyperparameters: {image_shape: 3x224x224}}",
        "must be whole numbers of at least 1, separated by commas",
    ),
    "classes": (SOURCE % ", classes: [yes, no]", "YAML reads this as true or false"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_error_shows_a_regular_expression_or_a_name_of_the_code(
    mistake: str, write_yaml: WriteYaml
) -> None:
    content, allowed = MISTAKES[mistake]
    text = error_of(write_yaml("some_cars", content))
    assert allowed in text
    for inner in ("pattern", "^", "$", "function-", "lambda"):
        assert inner not in text


def test_a_files_name_that_cannot_be_a_pipelines_says_to_rename_it(write_yaml: WriteYaml) -> None:
    text = error_of(write_yaml("Some-Cars", SOURCE % ""))
    assert "name: 'Some-Cars' is not allowed" in text
    assert "such as stanford_cars. The name is the file's name: rename the file" in text
    assert "pattern" not in text


def error_of(file: Path) -> str:
    with pytest.raises(PipelineError) as raised:
        load_pipeline(file)
    error: Any = raised.value
    return str(error)
