"""Tests of the smoke test of an endpoint."""

import json
import socket
from collections.abc import Callable, Iterator
from itertools import count
from math import nan
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from include.config.sections.endpoint import Endpoint
from include.contracts.records.samples import LARGEST_BODY, SampleCollector
from include.decisions.endpoint.smoke_test import (
    ROUNDS,
    NoAnswerError,
    NoSamplesError,
    Sample,
    SmokeTestError,
    capture_baseline,
    load_samples,
    smoke_test,
)
from include.storage.layout import Layout

SAMPLE = Sample("aa/1.jpg", 0, b"jpeg", [0.7, 0.2, 0.1])
NO_LIMITS = Endpoint(maximum_slowdown=None)


def answer(runtime: Any, content: Any, rounds: int = ROUNDS) -> None:
    for _ in range(rounds):
        runtime.answer(
            "invoke_endpoint",
            runtime.body(json.dumps(content).encode()),
            EndpointName="cars",
            ContentType="application/x-image",
            Body=b"jpeg",
        )


@pytest.fixture
def latency(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the measured latency of each response in milliseconds."""

    def set_latency(milliseconds: float) -> None:
        clock = count(0, milliseconds / 1000)
        monkeypatch.setattr(
            "include.decisions.endpoint.smoke_test.time.perf_counter", lambda: next(clock)
        )

    return set_latency


def test_an_endpoint_that_predicts_as_evaluated_passes(
    runtime: Any, latency: Callable[[float], None]
) -> None:
    answer(runtime, [0.69, 0.21, 0.1])
    latency(20)
    before = {"images": 1, "right": 0, "milliseconds": 10.0}
    result = smoke_test(runtime.client, "cars", [SAMPLE], Endpoint(), before)
    assert result["images"] == result["right"] == 1
    assert result["largest_difference"] == pytest.approx(0.01)
    assert result["milliseconds"] == 20
    assert result["before"] == before


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (
            Endpoint(maximum_latency_ms=100),
            r"latency is 120 ms, more than endpoint.maximum_latency_ms \(100\)",
        ),
        (
            Endpoint(),
            "is 120 ms, that of the former model was 10 ms, and endpoint.maximum_slowdown",
        ),
    ],
)
def test_an_endpoint_that_is_too_slow_fails(
    runtime: Any, latency: Callable[[float], None], limits: Endpoint, reason: str
) -> None:
    answer(runtime, [0.7, 0.2, 0.1])
    latency(120)
    with pytest.raises(SmokeTestError, match=reason):
        smoke_test(runtime.client, "cars", [SAMPLE], limits, {"images": 1, "milliseconds": 10.0})


@pytest.mark.parametrize("before", [None, {"images": 1, "error": "ModelError"}])
def test_without_a_baseline_the_slowdown_is_not_checked(
    runtime: Any, latency: Callable[[float], None], before: dict[str, Any] | None
) -> None:
    answer(runtime, [0.7, 0.2, 0.1])
    latency(5000)
    assert smoke_test(runtime.client, "cars", [SAMPLE], Endpoint(), before)["before"] == before


def test_the_baseline_of_a_model_with_other_classes_has_no_right_predictions(
    runtime: Any, latency: Callable[[float], None]
) -> None:
    answer(runtime, [0.1, 0.8, 0.1])
    latency(10)
    baseline = capture_baseline(runtime.client, "cars", [SAMPLE])
    assert baseline == {"images": 1, "right": 0, "milliseconds": 10}
    answer(runtime, [0.5, 0.5])
    assert capture_baseline(runtime.client, "cars", [SAMPLE])["right"] is None


def test_a_former_model_that_fails_does_not_block_the_update(runtime: Any) -> None:
    runtime.refuse("invoke_endpoint", "ModelError", "the model is broken")
    assert "the model is broken" in capture_baseline(runtime.client, "cars", [SAMPLE])["error"]


@pytest.fixture
def hanging() -> Iterator[Any]:
    """Return a client of a server that never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield boto3.client(
            "sagemaker-runtime",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=0.1, retries={"total_max_attempts": 1}),
        )


def test_a_former_model_that_hangs_does_not_block_the_update(hanging: Any) -> None:
    assert "Read timeout" in capture_baseline(hanging, "cars", [SAMPLE])["error"]
    with pytest.raises(NoAnswerError, match="no response for"):
        smoke_test(hanging, "cars", [SAMPLE], NO_LIMITS)


@pytest.mark.parametrize("content", [b"<html>busy</html>", b"", b"\xff"])
def test_a_former_model_without_a_json_response_does_not_block_the_update(
    runtime: Any, content: bytes
) -> None:
    for _ in range(2):
        runtime.answer("invoke_endpoint", runtime.body(content))
    assert "is not JSON" in capture_baseline(runtime.client, "cars", [SAMPLE])["error"]
    with pytest.raises(SmokeTestError, match=r"the response for aa/1\.jpg is not JSON"):
        smoke_test(runtime.client, "cars", [SAMPLE], NO_LIMITS)


def test_a_missing_permission_blocks_the_update(runtime: Any) -> None:
    """Otherwise traffic would move to a model that could not be tested."""
    runtime.refuse("invoke_endpoint", "AccessDeniedException", "not authorized")
    with pytest.raises(ClientError, match="not authorized"):
        capture_baseline(runtime.client, "cars", [SAMPLE])


def test_only_errors_of_the_model_are_no_answer_errors(runtime: Any) -> None:
    runtime.refuse("invoke_endpoint", "ModelError", "the model is broken")
    with pytest.raises(NoAnswerError, match=r"no response for aa/1\.jpg: .*the model is broken"):
        smoke_test(runtime.client, "cars", [SAMPLE], NO_LIMITS)
    runtime.refuse("invoke_endpoint", "AccessDeniedException", "not authorized")
    with pytest.raises(ClientError, match="not authorized"):
        smoke_test(runtime.client, "cars", [SAMPLE], NO_LIMITS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"prediction": [1.0]}, "is not a list of numbers"),
        (["a", "b", "c"], "is not a list of numbers"),
        # json.loads accepts NaN, and comparisons with it would keep every limit.
        ([nan, nan, nan], "is not a list of numbers"),
        ([0.5, 0.5], "has 2 probabilities, the evaluation's has 3: another model serves"),
        ([0.9, 0.9, 0.9], "is not a probability distribution"),
        ([1.5, -0.3, -0.2], "is not a probability distribution"),
        ([0.1, 0.2, 0.7], "predicts class 2 with 0.700, the evaluation predicted class 0 with 0.7"),
    ],
)
def test_a_wrong_response_fails(runtime: Any, content: Any, reason: str) -> None:
    fails_at_first_response = "numbers" in reason
    answer(runtime, content, 1 if fails_at_first_response else ROUNDS)
    with pytest.raises(SmokeTestError, match=reason):
        smoke_test(runtime.client, "cars", [SAMPLE], NO_LIMITS)


def holds(s3: Any, *images: tuple[str, int, int]) -> None:
    """Prepare the samples of a dataset version whose test split has these images."""
    collector = SampleCollector()
    for key, size, label in images:
        collector.add("test", key, size, label)
    samples = "stanford_cars/dataset/versions/d1/samples.json"
    content = s3.json(collector.samples().as_json())
    s3.answer("get_object", content, Bucket="some-bucket", Key=samples)


def test_samples_are_of_different_classes_and_fit_a_request(s3: Any, layout: Layout) -> None:
    too_large = LARGEST_BODY + 1
    holds(
        s3,
        ("aa/1.jpg", 10, 0),
        ("bb/2.jpg", 10, 0),
        ("cc/3.jpg", too_large, 1),
        ("dd/4.jpg", 10, 2),
    )
    for key in ("aa/1.jpg", "dd/4.jpg"):
        s3.answer(
            "get_object", s3.body(b"jpeg"), Bucket="some-bucket", Key=f"stanford_cars/images/{key}"
        )
        s3.answer(
            "get_object",
            s3.json({"prediction": [1.0]}),
            Bucket="some-bucket",
            Key=f"stanford_cars/evaluations/job-1/transform/{key}.out",
        )
    samples = load_samples(s3.client, layout, "job-1", "d1", "test", 2)
    assert [(sample.key, sample.label) for sample in samples] == [("aa/1.jpg", 0), ("dd/4.jpg", 2)]


def test_without_a_photo_of_a_suitable_size_loading_samples_fails(s3: Any, layout: Layout) -> None:
    holds(s3, ("aa/1.jpg", LARGEST_BODY + 1, 0))
    with pytest.raises(
        NoSamplesError, match="dataset d1 has no test image of at most 6291456 bytes"
    ):
        load_samples(s3.client, layout, "job-1", "d1", "test", 2)
