"""A training job on several instances: shares, addresses, one model and a common end."""

import io
import json
import os
import tarfile
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from include.image_classification.training.distribution.cluster import ADDRESSES
from include.local_aws.jobs.cluster import addresses
from tests.include.image_classification.training.job_data import SETTINGS, write_records
from tests.include.local_aws.local_server import BUCKET, CUSTOM_IMAGE, LocalServer
from tests.waiting import LONG

HOSTS = ["algo-1", "algo-2", "algo-3"]


def test_each_instance_gets_its_share_of_a_sharded_channel(aws: LocalServer) -> None:
    uri = aws.put("together/shares", **{f"f{n}": "x" for n in range(5)})
    name = _train(aws, uri, 3, distribution="ShardedByS3Key")
    assert aws.wait_for_job("training", name)["TrainingJobStatus"] == "Completed"
    files = [_logged(aws, name, host, "files") for host in HOSTS]
    assert [line.split() for line in files] == [
        ["train/f0.txt", "train/f3.txt"],
        ["train/f1.txt", "train/f4.txt"],
        ["train/f2.txt"],
    ]
    resources = [json.loads(_logged(aws, name, host, "resources")) for host in HOSTS]
    assert [config["current_host"] for config in resources] == HOSTS
    assert all(config["hosts"] == HOSTS for config in resources)


def test_the_hosts_addresses_are_in_the_variable_that_the_custom_image_reads(
    aws: LocalServer,
) -> None:
    name = _train(aws, aws.put("together/addresses", a="1"), 2)
    uri = aws.wait_for_job("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
    output = aws.get(uri.replace("model.tar.gz", "output.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(output)) as archive:
        seen = json.loads(archive.extractfile("report.json").read())  # type: ignore[union-attr]
    first, second = seen[ADDRESSES].split(",")
    network = first.removeprefix("algo-1=").rpartition(".")[0]
    assert network.startswith("127.")
    assert (first, second) == (f"algo-1={network}.1", f"algo-2={network}.2")
    assert not [n for n in seen if n.startswith("SM_")], "only the toolkits set these"
    assert addresses(HOSTS) != addresses(HOSTS)  # another job has other addresses


def test_the_model_archive_has_the_files_of_all_instances(aws: LocalServer) -> None:
    """SageMaker collects the folders of all containers in one archive."""
    name = _train(aws, aws.put("together/model", a="1"), 2, model="{host},same")
    uri = aws.wait_for_job("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
    with tarfile.open(fileobj=io.BytesIO(aws.get(uri))) as model:
        assert set(model.getnames()) == {"algo-1", "algo-2", "same"}
        content = model.extractfile("same")
        assert content is not None
        assert content.read() == b"trained on algo-2"


def test_the_first_failure_ends_all_instances_with_its_reason(aws: LocalServer) -> None:
    uri = aws.put("together/failure", a="1")
    began = time.monotonic()
    job = aws.wait_for_job("training", _train(aws, uri, 2, stay_on="algo-1", sleep="60"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: algo-2 failed on purpose, exit code: 4"
    assert time.monotonic() - began < 30


def test_stop_ends_all_instances_and_keeps_the_model(aws: LocalServer) -> None:
    name = _train(aws, aws.put("together/stop", a="1"), 2, sleep="60")
    for host in HOSTS[:2]:
        _await(aws, name, host, "sleeping")
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert aws.keys(job["ModelArtifacts"]["S3ModelArtifacts"])


def test_more_than_eight_instances_are_refused(aws: LocalServer) -> None:
    with pytest.raises(ClientError, match=r"9 instances.*set InstanceCount to 8 at most"):
        _train(aws, aws.put("together/many", a="1"), 9)


def test_the_custom_image_trains_on_two_instances(aws: LocalServer, tmp_path: Path) -> None:
    """Two hosts find each other, and the first one writes the model.

    The training images come through a pipe to each host, the validation images as a file.
    """
    for channel, count in (("train", 16), ("validation", 6)):
        file = write_records(tmp_path / f"{channel}.rec", [n % 3 for n in range(count)])
        key = f"together/{channel}/{channel}.rec"
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
    channels = {"train": "Pipe", "validation": "File"}
    name = _train_custom_image(aws, f"s3://{BUCKET}/together", channels)
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Completed", job
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    with tarfile.open(fileobj=io.BytesIO(aws.get(uri))) as model:
        assert len([n for n in model.getnames() if n.endswith(".params")]) == 1
    assert [metric["MetricName"] for metric in job["FinalMetricDataList"]] == [
        "validation:accuracy"
    ]
    assert not any("accuracy" in line for line in aws.log("training", name, "algo-2"))


def _train_custom_image(aws: LocalServer, uri: str, channels: dict[str, str]) -> str:
    settings = {**SETTINGS, "kv_store": "dist_sync", "epochs": "1", "num_training_samples": "16"}
    request = aws.training_request(uri, 120, **settings)
    request["AlgorithmSpecification"]["TrainingImage"] = CUSTOM_IMAGE
    request["InputDataConfig"] = [
        {
            "ChannelName": name,
            "InputMode": mode,
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uri}/{name}/"},
            },
        }
        for name, mode in channels.items()
    ]
    request["ResourceConfig"]["InstanceCount"] = 2
    request["Environment"] = {"OMP_NUM_THREADS": "1"}
    aws.sagemaker.create_training_job(**request)
    return str(request["TrainingJobName"])


def _train(
    aws: LocalServer, uri: str, count: int, distribution: str = "", **hyperparameters: str
) -> str:
    request = aws.training_request(uri, 60, **hyperparameters)
    request["ResourceConfig"]["InstanceCount"] = count
    if distribution:
        source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
        source["S3DataDistributionType"] = distribution
    aws.sagemaker.create_training_job(**request)
    return str(request["TrainingJobName"])


def _logged(aws: LocalServer, name: str, host: str, word: str) -> str:
    (line,) = [m for m in aws.log("training", name, host) if m.startswith(word)]
    return line.removeprefix(word).strip()


def _await(aws: LocalServer, name: str, host: str, line: str) -> None:
    deadline = time.monotonic() + LONG
    while line not in aws.log("training", name, host):
        assert time.monotonic() < deadline, os.linesep.join(aws.log("training", name, host))
        time.sleep(0.05)
