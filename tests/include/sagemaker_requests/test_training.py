"""The training job: channels, checkpoints, metrics and limits."""

import logging
import re
from dataclasses import replace
from typing import Any

import pytest

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline, find_pipeline
from include.image_classification import log_lines

COUNTS = {"train": 100, "validation": 20, "classes": 5}


def training(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    """Return the training job's request without the job's name."""
    hyperparameters = make.training_hyperparameters(pipeline, COUNTS, {})
    return make.training_request(pipeline, deployment, "0" * 16, hyperparameters)["config"]


def channels(config: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        channel["ChannelName"]: (
            channel["DataSource"]["S3DataSource"]["S3Uri"],
            channel["ContentType"],
        )
        for channel in config["InputDataConfig"]
    }


def test_the_spot_wait_is_at_least_the_run_time(cars: Pipeline, deployment: Deployment) -> None:
    stopping = training(cars, deployment)["StoppingCondition"]
    assert stopping["MaxWaitTimeInSeconds"] >= stopping["MaxRuntimeInSeconds"]
    local = training(find_pipeline("stanford_cars", "local"), deployment)
    assert "MaxWaitTimeInSeconds" not in local["StoppingCondition"]


def test_only_the_custom_image_has_metric_definitions(
    cars: Pipeline, deployment: Deployment
) -> None:
    assert "MetricDefinitions" not in training(cars, deployment)["AlgorithmSpecification"]
    local = training(find_pipeline("stanford_cars", "local"), deployment)
    metrics = local["AlgorithmSpecification"]["MetricDefinitions"]
    line = "[11/22/2026 12:00:00 INFO 1] Epoch[0] Validation-accuracy=0.253906"
    (validation,) = (m for m in metrics if m["Name"] == "validation:accuracy")
    found = re.search(validation["Regex"], line)
    assert found is not None
    assert found.group(1) == "0.253906"


@pytest.mark.parametrize("accepted", [True, False])
def test_sagemaker_reads_the_int8_metric_from_the_log(
    cars: Pipeline, deployment: Deployment, accepted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The regular expression matches the custom image's line and no other."""
    local = training(find_pipeline("stanford_cars", "local"), deployment)
    definitions = local["AlgorithmSpecification"]["MetricDefinitions"]
    (regex,) = (entry["Regex"] for entry in definitions if entry["Name"] == "int8:accepted")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        log_lines.use_training_format()
        log_lines.log_int8(accepted)
    finally:
        root.handlers[:], root.level = handlers, level
    assert re.findall(regex, capsys.readouterr().out) == [str(int(accepted))]


def test_training_reads_the_files_of_all_converting_instances(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.training_request(cars, deployment, "r1", {}, shards=3)["config"]
    sources = [c["DataSource"]["S3DataSource"]["S3Uri"] for c in config["InputDataConfig"]]
    prefix = "s3://some-bucket/stanford_cars/recordio/r1/of-3/"
    assert sources == [f"{prefix}train/", f"{prefix}validation/"]


def test_continuing_from_a_model_adds_its_channel_and_no_other_weights(
    cars: Pipeline, deployment: Deployment
) -> None:
    hyperparameters = {
        "use_pretrained_model": "1",
        "pretrained_model_uri": "s3://b/w",
        "epochs": "3",
    }
    model = "s3://some-bucket/model.tar.gz"
    config = make.training_request(cars, deployment, "r1", hyperparameters, model_uri=model)[
        "config"
    ]
    assert channels(config)["model"] == (model, "application/x-sagemaker-model")
    assert "pretrained" not in channels(config)
    assert config["HyperParameters"] == {"use_pretrained_model": "0", "epochs": "3"}


@pytest.mark.parametrize(
    ("uri", "is_channel"), [("s3://b/resnet.safetensors", True), ("https://a.b/resnet", False)]
)
def test_weights_in_s3_are_a_channel(
    cars: Pipeline, deployment: Deployment, uri: str, is_channel: bool
) -> None:
    """SageMaker copies a channel to jobs without network access, too."""
    hyperparameters = {"use_pretrained_model": "1", "pretrained_model_uri": uri}
    config = make.training_request(cars, deployment, "r1", hyperparameters)["config"]
    found = channels(config)
    assert found.get("pretrained") == ((uri, "application/octet-stream") if is_channel else None)
    assert config["HyperParameters"] == hyperparameters


def test_only_records_are_streamed(cars: Pipeline, deployment: Deployment) -> None:
    training = cars.training.model_copy(update={"input_mode": "Pipe"})
    piped = cars.model_copy(update={"training": training})
    config = make.training_request(piped, deployment, "r1", {}, model_uri="s3://b/m")["config"]
    modes = {channel["ChannelName"]: channel["InputMode"] for channel in config["InputDataConfig"]}
    assert modes == {"train": "Pipe", "validation": "Pipe", "model": "File"}


def test_checkpoints_are_for_the_custom_image_and_for_spot_training(
    cars: Pipeline, deployment: Deployment
) -> None:
    def folder(**training: Any) -> Any:
        pipeline = cars.model_copy(update={"training": cars.training.model_copy(update=training)})
        config = make.training_request(pipeline, deployment, "r1", {})["config"]
        return config.get("CheckpointConfig", {}).get("S3Uri")

    prefix = "s3://some-bucket/stanford_cars/checkpoints/{first_job_name}"
    assert folder(algorithm="built-in", spot=True) == prefix
    assert folder(algorithm="custom", spot=False) == prefix
    assert folder(algorithm="built-in", spot=False) is None


def test_class_names_are_a_channel_for_the_custom_image_only(
    cars: Pipeline, deployment: Deployment
) -> None:
    """The built-in algorithm would reject the channel; the custom image's server uses the names."""
    config = make.training_request(cars, deployment, "r1", {}, dataset_version="d1")["config"]
    assert "classes" not in channels(config)
    custom = cars.model_copy(
        update={"training": cars.training.model_copy(update={"algorithm": "custom"})}
    )
    config = make.training_request(custom, deployment, "r1", {}, dataset_version="d1")["config"]
    uri, content_type = channels(config)["classes"]
    assert uri == "s3://some-bucket/stanford_cars/dataset/versions/d1/classes.json"
    assert content_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("uri", "hosts", "expected"),
    [
        ("https://mirror.corp/a", "mirror.corp", {"FETCH_ALLOWED_HOSTS": "mirror.corp"}),
        ("https://mirror.corp/a", "", None),
        ("s3://bucket/a", "mirror.corp", None),
    ],
)
def test_allowed_private_hosts_are_an_environment_variable(
    deployment: Deployment, uri: str, hosts: str, expected: dict[str, str] | None
) -> None:
    custom = find_pipeline("stanford_cars", "local")
    allowed = replace(deployment, fetch_allowed_hosts=hosts)
    hyperparameters = {"use_pretrained_model": "1", "pretrained_model_uri": uri}
    config = make.training_request(custom, allowed, "r1", hyperparameters)["config"]
    assert config.get("Environment") == expected
