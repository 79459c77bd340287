"""Jobs that need more memory or slots than there are."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.include.local_aws.local_server import BUCKET, LocalServer

QUICK = "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server with two slots, 300 MB for all jobs, and an image that starts quickly."""
    server = LocalServer(tmp_path_factory.mktemp("resources"), 2, "--memory", "300")
    images = json.loads(server.images.read_text())
    images[QUICK] = {"entrypoint": ["/bin/sh", "-c", "exit $CODE"]}
    server.images.write_text(json.dumps(images))
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    yield server
    assert server.stop() == 0


def test_a_job_that_exceeds_its_memory_is_ended_and_another_job_is_not(
    server: LocalServer,
) -> None:
    data = server.put("data", a="1")
    modest = server.train(data, sleep="2")
    runaway = server.train(data, hold="400", sleep="60")
    found = server.wait_for_job("training", runaway)
    assert found["TrainingJobStatus"] == "Failed"
    assert found["FailureReason"].startswith("ClientError: Please use an instance type with more")
    assert "the 300 MB that they may (--memory)" in found["FailureReason"]
    assert server.wait_for_job("training", modest)["TrainingJobStatus"] == "Completed"


def test_a_hundred_jobs_at_once_end_as_expected(server: LocalServer) -> None:
    """Jobs fail with their exit code, stop when they are stopped, or complete."""

    def create(number: int) -> tuple[str, str]:
        request = server.training_request(data)
        name = request["TrainingJobName"] = f"hundred-{time.time_ns()}-{number}"
        request["AlgorithmSpecification"]["TrainingImage"] = QUICK
        request["Environment"] = {"CODE": str(number % 5)}
        server.sagemaker.create_training_job(**request)
        if number >= 90:
            server.sagemaker.stop_training_job(TrainingJobName=name)
            return name, "Stopped"
        return name, "Failed" if number % 5 else "Completed"

    data = server.put("data", a="1")
    with ThreadPoolExecutor(16) as pool:
        expected = dict(pool.map(create, range(100)))
    ended = {name: server.wait_for_job("training", name) for name in expected}
    wrong = {
        name: (job["TrainingJobStatus"], job.get("FailureReason"))
        for name, job in ended.items()
        if job["TrainingJobStatus"] != expected[name]
    }
    assert wrong == {}
    assert Counter(expected.values()) == {"Completed": 18, "Failed": 72, "Stopped": 10}
    codes = Counter(job["FailureReason"][-1] for job in ended.values() if "FailureReason" in job)
    assert codes == {"1": 18, "2": 18, "3": 18, "4": 18}
