"""The smoke test passes when the endpoint answers as the evaluation did, and says why not."""

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
from include.decisions.endpoint.smoke_test import (
    LARGEST_BODY,
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
ANY_PACE = Endpoint(maximum_slowdown=None)


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
def pace(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Give the function that says how many milliseconds each answer seems to take."""

    def set_pace(milliseconds: float) -> None:
        clock = count(0, milliseconds / 1000)
        monkeypatch.setattr(
            "include.decisions.endpoint.smoke_test.time.perf_counter", lambda: next(clock)
        )

    return set_pace


def test_an_endpoint_that_answers_as_evaluated_passes(
    runtime: Any, pace: Callable[[float], None]
) -> None:
    answer(runtime, [0.69, 0.21, 0.1])
    pace(20)
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
            r"takes 120 ms, more than endpoint.maximum_latency_ms \(100\)",
        ),
        (Endpoint(), "takes 120 ms, the model before took 10 ms, and endpoint.maximum_slowdown"),
    ],
)
def test_an_endpoint_that_answers_too_late_fails(
    runtime: Any, pace: Callable[[float], None], limits: Endpoint, reason: str
) -> None:
    answer(runtime, [0.7, 0.2, 0.1])
    pace(120)
    with pytest.raises(SmokeTestError, match=reason):
        smoke_test(runtime.client, "cars", [SAMPLE], limits, {"images": 1, "milliseconds": 10.0})


@pytest.mark.parametrize("before", [None, {"images": 1, "error": "ModelError"}])
def test_without_a_pace_before_there_is_none_to_keep(
    runtime: Any, pace: Callable[[float], None], before: dict[str, Any] | None
) -> None:
    answer(runtime, [0.7, 0.2, 0.1])
    pace(5000)
    assert smoke_test(runtime.client, "cars", [SAMPLE], Endpoint(), before)["before"] == before


def test_what_serves_before_may_know_other_classes(
    runtime: Any, pace: Callable[[float], None]
) -> None:
    answer(runtime, [0.1, 0.8, 0.1])
    pace(10)
    asked = capture_baseline(runtime.client, "cars", [SAMPLE])
    assert asked == {"images": 1, "right": 0, "milliseconds": 10}
    answer(runtime, [0.5, 0.5])
    assert capture_baseline(runtime.client, "cars", [SAMPLE])["right"] is None


def test_a_model_before_that_does_not_answer_stands_in_no_updates_way(runtime: Any) -> None:
    runtime.refuse("invoke_endpoint", "ModelError", "the model is broken")
    assert "the model is broken" in capture_baseline(runtime.client, "cars", [SAMPLE])["error"]


@pytest.fixture
def hanging() -> Iterator[Any]:
    """Give a client whose requests are taken and never answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield boto3.client(
            "sagemaker-runtime",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=0.1, retries={"total_max_attempts": 1}),
        )


def test_a_model_before_that_hangs_stands_in_no_rollbacks_way(hanging: Any) -> None:
    assert "Read timeout" in capture_baseline(hanging, "cars", [SAMPLE])["error"]
    with pytest.raises(NoAnswerError, match="no answer for"):
        smoke_test(hanging, "cars", [SAMPLE], ANY_PACE)


@pytest.mark.parametrize("content", [b"<html>busy</html>", b"", b"\xff"])
def test_a_model_before_that_answers_no_json_stands_in_no_rollbacks_way(
    runtime: Any, content: bytes
) -> None:
    for _ in range(2):
        runtime.answer("invoke_endpoint", runtime.body(content))
    assert "is no JSON" in capture_baseline(runtime.client, "cars", [SAMPLE])["error"]
    with pytest.raises(SmokeTestError, match=r"the answer for aa/1\.jpg is no JSON"):
        smoke_test(runtime.client, "cars", [SAMPLE], ANY_PACE)


def test_who_may_not_ask_the_model_before_changes_nothing(runtime: Any) -> None:
    """Else traffic would move to a model that nobody may test."""
    runtime.refuse("invoke_endpoint", "AccessDeniedException", "not authorized")
    with pytest.raises(ClientError, match="not authorized"):
        capture_baseline(runtime.client, "cars", [SAMPLE])


def test_only_what_the_model_said_speaks_against_it(runtime: Any) -> None:
    runtime.refuse("invoke_endpoint", "ModelError", "the model is broken")
    with pytest.raises(NoAnswerError, match=r"no answer for aa/1\.jpg: .*the model is broken"):
        smoke_test(runtime.client, "cars", [SAMPLE], ANY_PACE)
    runtime.refuse("invoke_endpoint", "AccessDeniedException", "not authorized")
    with pytest.raises(ClientError, match="not authorized"):
        smoke_test(runtime.client, "cars", [SAMPLE], ANY_PACE)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"prediction": [1.0]}, "is not a list of numbers"),
        (["a", "b", "c"], "is not a list of numbers"),
        (
            [nan, nan, nan],
            "is not a list of numbers",
        ),  # json.loads takes it, and it keeps any limit
        ([0.5, 0.5], "has 2 probabilities, the evaluation's has 3: another model serves"),
        ([0.9, 0.9, 0.9], "is no distribution"),
        ([1.5, -0.3, -0.2], "is no distribution"),
        ([0.1, 0.2, 0.7], "says class 2 with 0.700, the evaluation said 0 with 0.700"),
    ],
)
def test_a_wrong_answer_is_told(runtime: Any, content: Any, reason: str) -> None:
    refused_at_once = "numbers" in reason
    answer(runtime, content, 1 if refused_at_once else ROUNDS)
    with pytest.raises(SmokeTestError, match=reason):
        smoke_test(runtime.client, "cars", [SAMPLE], ANY_PACE)


def holds(s3: Any, *images: tuple[str, int, int]) -> None:
    """Answer with the manifest of a dataset version whose test split has these images."""
    rows = [
        json.dumps({"key": key, "size": size, "label": label, "split": "test"})
        for key, size, label in images
    ]
    manifest = "stanford_cars/dataset/versions/d1/manifest.jsonl"
    content = s3.body("\n".join(rows).encode())
    s3.answer("get_object", content, Bucket="some-bucket", Key=manifest)


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


def test_without_a_photo_that_an_endpoint_takes_nothing_is_deployed(
    s3: Any, layout: Layout
) -> None:
    holds(s3, ("aa/1.jpg", LARGEST_BODY + 1, 0))
    with pytest.raises(
        NoSamplesError, match="dataset d1 has no test image of at most 6291456 bytes"
    ):
        load_samples(s3.client, layout, "job-1", "d1", "test", 2)
