"""Every request is one that AWS takes: botocore's model is asked, with enums, patterns, lengths."""

import logging
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline, find_pipeline
from include.config.sections.endpoint import PROVISIONING_TIMEOUT, Endpoint, Traffic
from include.config.sections.source import Source
from include.image_classification import log_lines
from include.image_classification.dataset.settings import parse_settings
from include.sagemaker_requests.job import LONGEST_PREFIX
from include.service_model.violations import find_violations
from sagemaker_jobs.jobs.identity import JobIdentity

COUNTS = {"train": 100, "validation": 20, "classes": 5}


def training(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    """Return the training job's request without the job's name."""
    hyperparameters = make.training_hyperparameters(pipeline, COUNTS, {})
    return make.training_request(pipeline, deployment, "0" * 16, hyperparameters)["config"]


def package(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    """Return a package's request, with a verdict that is long and has odd characters."""
    lineage = {"training_job": "j", "top1": 0.5, "reason": "0.5, (50 %) « \n" + "x" * 300}
    return make.package_request(
        pipeline,
        {"Image": deployment.image_uri, "ModelDataUrl": "s3://some-bucket/x/model.tar.gz"},
        "Approved",
        "s3://some-bucket/x/evaluation.json",
        lineage,
    )


@cache
def service() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


@pytest.mark.parametrize("deployment_name", [None, "local"])
@pytest.mark.parametrize("pipeline_name", ["stanford_cars", "merch"])
def test_aws_takes_every_request(
    pipeline_name: str, deployment_name: str | None, deployment: Deployment
) -> None:
    pipeline = find_pipeline(pipeline_name, deployment_name)
    requests = list(make.dry_run_requests(pipeline, deployment))
    assert [each.title for each in requests] == [
        *("refresh", "im2rec", "evaluate", "report", "train"),
        *("evaluation transform", "batch transform"),
        *("candidate's model", "package's model", "endpoint configuration", "endpoint"),
        *("package group", "package"),
    ]
    for each in requests:
        shape = service().operation_model(each.operation).input_shape
        assert not ParamValidator().validate(each.request, shape).has_errors(), each.title
        assert list(find_violations(shape, each.request)) == [], each.title


def test_a_package_keeps_the_limits_whatever_a_verdict_says(
    cars: Pipeline, deployment: Deployment
) -> None:
    shape = service().operation_model("CreateModelPackage").input_shape
    assert list(find_violations(shape, package(cars, deployment))) == []


def test_a_rehearsed_job_has_a_name_as_long_as_real_ones(
    cars: Pipeline, deployment: Deployment
) -> None:
    """How long a name may get is said twice, since the jobs plugin knows nothing of pipelines."""
    real = JobIdentity("d", "d", "t", "r", -1, 0).job_name("x" * 80, renewal=0, attempt=1)
    assert len(real) == 63
    assert real.index("-") == LONGEST_PREFIX
    longest = cars.model_copy(update={"name": "x" * 40})
    names = [
        each.request[field]
        for each in make.dry_run_requests(longest, deployment)
        for field in each.request
        if field.endswith("JobName")
    ]
    assert max(map(len, names)) == 63


def test_a_batch_is_no_larger_than_the_data(cars: Pipeline) -> None:
    few = {"train": 7, "validation": 1, "classes": 2}
    made = make.training_hyperparameters(cars, few, {})
    assert (made["mini_batch_size"], made["num_classes"], made["num_training_samples"]) == (
        "7",
        "2",
        "7",
    )


def test_what_a_person_asks_for_replaces_the_pipelines_value(cars: Pipeline) -> None:
    asked = {"epochs": 3, "num_layers": None, "learning_rate": 0.5}
    made = make.training_hyperparameters(cars, COUNTS, asked)
    assert (made["epochs"], made["num_layers"], made["learning_rate"]) == ("3", "50", "0.5")


def test_what_a_person_asks_for_is_checked_with_the_rest(cars: Pipeline) -> None:
    with pytest.raises(ValueError, match="needs num_layers to be one of"):
        make.training_hyperparameters(cars, COUNTS, {"num_layers": 20})


def test_the_first_refresh_has_no_previous_version(cars: Pipeline, deployment: Deployment) -> None:
    def inputs(previous: str | None, ledger: str | None = None) -> dict[str, str]:
        config = make.refresh_request(cars, deployment, previous, "f", ledger_job=ledger)["config"]
        given = config["ProcessingInputs"]
        return {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in given}

    assert list(inputs(None)) == ["source"]
    assert list(inputs("1" * 16)) == ["source", "previous"]
    ledger = inputs("1" * 16, "job-1")["ledger"]
    assert ledger.endswith("/dataset/ledgers/job-1/splits.jsonl.gz")


def test_a_refresh_is_told_its_devkit_and_its_classes(
    cars: Pipeline, deployment: Deployment
) -> None:
    """A name may hold a comma; the program takes names and numbers apart at commas."""
    source = Source.model_validate(
        {
            "layout": "stanford_cars",
            "devkit": "kits/car_devkit.tgz",
            "classes": ["Sedan, red", 3, " SUV "],
        }
    )
    chosen = cars.model_copy(update={"source": source})
    config = make.refresh_request(chosen, deployment, None, "f")["config"]
    arguments = config["AppSpecification"]["ContainerArguments"]
    told = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    assert told["--devkit"] == "kits/car_devkit.tgz"
    assert told["--classes"] == '"Sedan, red",3,SUV'
    assert (
        "--devkit"
        not in make.refresh_request(cars, deployment, None, "f")["config"]["AppSpecification"][
            "ContainerArguments"
        ]
    )


def test_an_own_source_is_read_as_a_folder(cars: Pipeline, deployment: Deployment) -> None:
    source = cars.source.model_copy(update={"uri": "s3://their-bucket/cars"})
    elsewhere = cars.model_copy(update={"source": source})
    config = make.refresh_request(elsewhere, deployment, None, "f")["config"]
    assert config["ProcessingInputs"][0]["S3Input"]["S3Uri"] == "s3://their-bucket/cars/"


def test_resources_are_named_after_their_content(cars: Pipeline, deployment: Deployment) -> None:
    def name(count: int) -> str:
        endpoint = cars.endpoint.model_copy(update={"instance_count": count})
        pipeline = cars.model_copy(update={"endpoint": endpoint})
        made = make.endpoint_config_request(pipeline, deployment, "model-1")
        return str(made["config"]["EndpointConfigName"])

    assert name(1) == name(1)
    assert name(1) != name(2)


@pytest.mark.parametrize(
    ("settings", "routing"),
    [
        ({"rollback_alarms": ["errors"]}, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}),
        (
            {"traffic": {"shift": "canary", "step_percent": 10, "wait_seconds": 60}},
            {
                "Type": "CANARY",
                "WaitIntervalInSeconds": 60,
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
            },
        ),
        (
            {"traffic": {"shift": "linear", "step_percent": 25}},
            {
                "Type": "LINEAR",
                "WaitIntervalInSeconds": 300,
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
            },
        ),
    ],
)
def test_alarms_and_traffic_become_a_deployment_config(
    cars: Pipeline, settings: dict[str, Any], routing: dict[str, Any]
) -> None:
    endpoint = Endpoint(instance_count=2, **settings)
    request = make.endpoint_request(cars.model_copy(update={"endpoint": endpoint}), "config-1")
    shape = service().operation_model("UpdateEndpoint").input_shape
    assert not ParamValidator().validate(request["config"], shape).has_errors()
    config = request["config"]["DeploymentConfig"]
    assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == routing
    assert ("AutoRollbackConfiguration" in config) is bool(endpoint.rollback_alarms)


@pytest.mark.parametrize(
    ("traffic", "minutes"),
    [
        ({}, 5),
        ({"shift": "canary", "step_percent": 10, "wait_seconds": 600}, 20),
        ({"shift": "linear", "step_percent": 10, "wait_seconds": 900}, 150),
        ({"shift": "linear", "step_percent": 30, "wait_seconds": 600}, 40),
    ],
)
def test_an_update_is_waited_for_through_all_its_steps(
    traffic: dict[str, Any], minutes: int
) -> None:
    endpoint = Endpoint(instance_count=2, traffic=Traffic(**traffic))
    assert endpoint.timeout == PROVISIONING_TIMEOUT + timedelta(minutes=minutes)


def test_without_alarms_and_steps_an_update_goes_sagemakers_own_way(cars: Pipeline) -> None:
    assert "DeploymentConfig" not in make.endpoint_request(cars, "config-1")["config"]


def test_a_package_says_of_each_machine_only_what_it_is_for(
    cars: Pipeline, deployment: Deployment
) -> None:
    small = cars.endpoint.model_copy(update={"instance_type": "ml.c5.large"})
    request = package(cars.model_copy(update={"endpoint": small}), deployment)
    shape = service().operation_model("CreateModelPackage").input_shape
    assert list(find_violations(shape, request)) == []
    inference = request["InferenceSpecification"]
    assert inference["SupportedRealtimeInferenceInstanceTypes"] == ["ml.c5.large"]
    assert inference["SupportedTransformInstanceTypes"] == ["ml.c5.xlarge"]


def test_spot_waits_at_least_as_long_as_it_runs(cars: Pipeline, deployment: Deployment) -> None:
    stopping = training(cars, deployment)["StoppingCondition"]
    assert stopping["MaxWaitTimeInSeconds"] >= stopping["MaxRuntimeInSeconds"]
    local = training(find_pipeline("stanford_cars", "local"), deployment)
    assert "MaxWaitTimeInSeconds" not in local["StoppingCondition"]


def test_the_built_in_image_gets_no_metrics_of_ours(cars: Pipeline, deployment: Deployment) -> None:
    assert "MetricDefinitions" not in training(cars, deployment)["AlgorithmSpecification"]
    local = training(find_pipeline("stanford_cars", "local"), deployment)
    metrics = local["AlgorithmSpecification"]["MetricDefinitions"]
    line = "[11/22/2026 12:00:00 INFO 1] Epoch[0] Validation-accuracy=0.253906"
    (validation,) = (m for m in metrics if m["Name"] == "validation:accuracy")
    found = re.search(validation["Regex"], line)
    assert found is not None
    assert found.group(1) == "0.253906"


@pytest.mark.parametrize("accepted", [True, False])
def test_sagemaker_reads_from_the_log_whether_int8_was_accepted(
    cars: Pipeline, deployment: Deployment, accepted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line is the image's own, and nothing else may match."""
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


def test_several_instances_share_the_images_and_write_files_of_their_own(
    cars: Pipeline, deployment: Deployment
) -> None:
    def converted(count: int) -> tuple[int, dict[str, str], set[str]]:
        conversion = cars.conversion.model_copy(update={"instance_count": count})
        pipeline = cars.model_copy(update={"conversion": conversion})
        config = make.im2rec_request(pipeline, deployment, "1" * 16)["config"]
        inputs = {
            entry["InputName"]: entry["S3Input"]["S3DataDistributionType"]
            for entry in config["ProcessingInputs"]
        }
        outputs = config["ProcessingOutputConfig"]["Outputs"]
        uris = {entry["S3Output"]["S3Uri"] for entry in outputs}
        return config["ProcessingResources"]["ClusterConfig"]["InstanceCount"], inputs, uris

    count, inputs, alone = converted(1)
    assert (count, set(inputs.values())) == (1, {"FullyReplicated"})
    count, inputs, together = converted(3)
    assert count == 3
    assert inputs == {"version": "FullyReplicated", "images": "ShardedByS3Key"}
    folder = min(alone, key=len)  # the version's, whose name does not depend on the instances
    assert min(together, key=len) == f"{folder}/of-3"
    assert alone.isdisjoint(together)


def test_a_conversion_downloads_what_its_manifest_lists(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.im2rec_request(cars, deployment, "1" * 16)["config"]
    (source,) = (e for e in config["ProcessingInputs"] if e["InputName"] == "images")
    assert source["S3Input"]["S3DataType"] == "ManifestFile"
    below = "s3://some-bucket/stanford_cars/dataset/versions/"
    assert source["S3Input"]["S3Uri"] == f"{below}{'1' * 16}/conversion.manifest"


def test_an_earlier_conversion_is_an_input_of_the_next(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.im2rec_request(cars, deployment, "1" * 16, "cars/recordio/r0/")["config"]
    uris = {e["InputName"]: e["S3Input"]["S3Uri"] for e in config["ProcessingInputs"]}
    assert uris["previous"] == "s3://some-bucket/cars/recordio/r0/"


def test_training_reads_the_files_that_so_many_instances_wrote(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.training_request(cars, deployment, "r1", {}, shards=3)["config"]
    sources = [c["DataSource"]["S3DataSource"]["S3Uri"] for c in config["InputDataConfig"]]
    below = "s3://some-bucket/stanford_cars/recordio/r1/of-3/"
    assert sources == [f"{below}train/", f"{below}validation/"]


def channels(config: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        each["ChannelName"]: (each["DataSource"]["S3DataSource"]["S3Uri"], each["ContentType"])
        for each in config["InputDataConfig"]
    }


def test_going_on_from_a_model_adds_its_channel_and_no_other_weights(
    cars: Pipeline, deployment: Deployment
) -> None:
    told = {"use_pretrained_model": "1", "pretrained_model_uri": "s3://b/w", "epochs": "3"}
    model = "s3://some-bucket/model.tar.gz"
    config = make.training_request(cars, deployment, "r1", told, model_uri=model)["config"]
    assert channels(config)["model"] == (model, "application/x-sagemaker-model")
    assert "pretrained" not in channels(config)
    assert config["HyperParameters"] == {"use_pretrained_model": "0", "epochs": "3"}


@pytest.mark.parametrize(
    ("uri", "is_channel"), [("s3://b/resnet.safetensors", True), ("https://a.b/resnet", False)]
)
def test_weights_in_s3_come_as_a_channel(
    cars: Pipeline, deployment: Deployment, uri: str, is_channel: bool
) -> None:
    """SageMaker brings it to jobs without network access, too."""
    told = {"use_pretrained_model": "1", "pretrained_model_uri": uri}
    config = make.training_request(cars, deployment, "r1", told)["config"]
    found = channels(config)
    assert found.get("pretrained") == ((uri, "application/octet-stream") if is_channel else None)
    assert config["HyperParameters"] == told


def test_only_records_are_streamed(cars: Pipeline, deployment: Deployment) -> None:
    training = cars.training.model_copy(update={"input_mode": "Pipe"})
    piped = cars.model_copy(update={"training": training})
    config = make.training_request(piped, deployment, "r1", {}, model_uri="s3://b/m")["config"]
    modes = {each["ChannelName"]: each["InputMode"] for each in config["InputDataConfig"]}
    assert modes == {"train": "Pipe", "validation": "Pipe", "model": "File"}


def test_checkpoints_are_for_our_image_and_for_spot_machines(
    cars: Pipeline, deployment: Deployment
) -> None:
    def asked(**training: Any) -> Any:
        pipeline = cars.model_copy(update={"training": cars.training.model_copy(update=training)})
        config = make.training_request(pipeline, deployment, "r1", {})["config"]
        return config.get("CheckpointConfig", {}).get("S3Uri")

    below = "s3://some-bucket/stanford_cars/checkpoints/{first_job_name}"
    assert asked(algorithm="built-in", spot=True) == below
    assert asked(algorithm="custom", spot=False) == below
    assert asked(algorithm="built-in", spot=False) is None


def test_a_refresh_is_told_the_pipelines_settings(cars: Pipeline, deployment: Deployment) -> None:
    update = {"split": "source", "boxes": "crop", "box_margin": 0.1}
    cut = cars.model_copy(update={"dataset": cars.dataset.model_copy(update=update)})
    for store_all in (False, True):
        config = make.refresh_request(cut, deployment, "1" * 16, "f", store_all)["config"]
        arguments = config["AppSpecification"]["ContainerArguments"]
        flags = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        assert (flags["--split"], flags["--boxes"], flags["--box-margin"]) == (
            "source", "crop", "0.1",
        )  # fmt: skip
        assert flags.get("--store") == ("all" if store_all else None)
        assert parse_settings(arguments[1:]).rules.margin == 0.1


def test_what_a_refresh_refuses_is_kept_beside_the_versions(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.refresh_request(cars, deployment, None, "f")["config"]
    outputs = {
        output["OutputName"]: output["S3Output"]["S3Uri"]
        for output in config["ProcessingOutputConfig"]["Outputs"]
    }
    assert outputs["quarantine"].endswith("/stanford_cars/dataset/quarantine")


def test_the_classes_names_are_a_channel_for_our_image_only(
    cars: Pipeline, deployment: Deployment
) -> None:
    """The built-in algorithm would refuse the channel; our server answers by these names."""
    config = make.training_request(cars, deployment, "r1", {}, dataset_version="d1")["config"]
    assert "classes" not in channels(config)
    own = cars.model_copy(
        update={"training": cars.training.model_copy(update={"algorithm": "custom"})}
    )
    config = make.training_request(own, deployment, "r1", {}, dataset_version="d1")["config"]
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
def test_training_is_told_which_private_hosts_its_weights_may_come_from(
    cars: Pipeline, deployment: Deployment, uri: str, hosts: str, expected: dict[str, str] | None
) -> None:
    here = replace(deployment, fetch_allowed_hosts=hosts)
    told = {"pretrained_model_uri": uri, "pretrained_model_sha256": "0" * 64}
    config = make.training_request(cars, here, "r1", told)["config"]
    assert config.get("Environment") == expected


def test_several_machines_train_on_batches_that_their_share_can_fill(
    cars: Pipeline, deployment: Deployment
) -> None:
    together = cars.model_copy(
        update={"training": cars.training.model_copy(update={"instance_count": 3})}
    )
    few = {"train": 30, "validation": 1, "classes": 2}
    made = make.training_hyperparameters(together, few, {})
    assert made["mini_batch_size"] == "10"
    config = make.training_request(together, deployment, "r1", made)["config"]
    assert config["ResourceConfig"]["InstanceCount"] == 3
