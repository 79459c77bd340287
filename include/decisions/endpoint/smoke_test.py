"""Smoke test of an endpoint: its predictions are compared with those of the evaluation."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Any

from include.common.aws_errors import error_code, is_denied
from include.common.errors import PermanentError
from include.config.sections.endpoint import Endpoint
from include.contracts.content_types import IMAGE_TYPE
from include.contracts.records.samples import LARGEST_BODY
from include.decisions.dataset.samples import read_samples
from include.storage.layout import Layout

TOLERANCE = 0.05
"""The allowed difference from the evaluation's probability: processors round differently."""

ROUNDS = 3
"""The number of requests for each image: the first response of a new instance is slow."""

MODEL_ERRORS = frozenset({"ModelError", "ReadTimeoutError"})
"""Error codes of InvokeEndpoint that mean that the model did not respond.

SageMaker waits 60 s for the model and then returns ModelError; the client's timeout is longer.
"""


class SmokeTestError(PermanentError):
    """The endpoint's response is wrong or too slow; the text names the image and the problem."""


class NoSamplesError(PermanentError):
    """No photo is suitable for a smoke test; the text has the reason."""


class NoAnswerError(Exception):
    """The model did not respond to a request; a retry may succeed."""


@dataclass(frozen=True)
class Sample:
    """An image with its class and the evaluation's predicted probabilities."""

    key: str
    label: int
    content: bytes
    expected: list[float]


def load_samples(
    s3: Any, layout: Layout, training_job: str, version: str, split: str, count: int
) -> list[Sample]:
    """Return a few images of different classes, with the evaluation's predictions.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        training_job: The training job whose evaluation is the reference.
        version: The evaluated dataset version.
        split: The evaluated split.
        count: The number of images.

    Raises:
        NoSamplesError: All images of the split are too large for InvokeEndpoint.
    """
    images = read_samples(s3, layout, version).split(split).smoke[:count]
    if not images:
        raise NoSamplesError(
            f"dataset {version} has no {split} image of at most {LARGEST_BODY} bytes, the limit "
            "of InvokeEndpoint, so that the model could not be tested and is not deployed: add "
            "smaller photos to the source"
        )
    folder = layout.evaluation_predictions(training_job)

    def read(key: str) -> bytes:
        body: bytes = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read()
        return body

    return [
        Sample(
            key=image.key,
            label=image.label,
            content=read(layout.image(image.key)),
            expected=json.loads(read(f"{folder}{image.key}.out"))["prediction"],
        )
        for image in images
    ]


def capture_baseline(runtime: Any, endpoint: str, samples: Sequence[Sample]) -> dict[str, Any]:
    """Measure the present model's predictions and latency before an update.

    Args:
        runtime: A boto3 SageMaker runtime client.
        endpoint: The endpoint's name.
        samples: The images to send.

    Returns:
        The number of `images`, the number of `right` predictions (None if the model has other
        classes), and the median latency in `milliseconds`. If the model does not respond
        correctly, an `error` instead: the update may fix it.

    Raises:
        botocore.exceptions.ClientError: The caller lacks the permission for InvokeEndpoint, and
            could not test the new model either.
    """
    try:
        answers, milliseconds = _invoke_all(runtime, endpoint, samples)
    except (SmokeTestError, NoAnswerError, runtime.exceptions.ClientError) as error:
        if is_denied(error):
            raise
        return {"images": len(samples), "error": str(error)}
    comparable = all(
        len(answer) == len(sample.expected) for answer, sample in zip(answers, samples, strict=True)
    )
    right = _right(answers, samples) if comparable else None
    return {"images": len(samples), "right": right, "milliseconds": milliseconds}


def smoke_test(
    runtime: Any,
    endpoint: str,
    samples: Sequence[Sample],
    limits: Endpoint,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Compare the endpoint's predictions with the evaluation's, and check its latency.

    Args:
        runtime: A boto3 SageMaker runtime client.
        endpoint: The endpoint's name.
        samples: The images to send.
        limits: The pipeline's section `endpoint` with the limits of the latency.
        before: The baseline from `capture_baseline`, if another model served before.

    Returns:
        The number of `images`, the number of `right` predictions, the `largest_difference` from
        the evaluation's probabilities, the median latency in `milliseconds`, and `before`.

    Raises:
        SmokeTestError: A response is not a list of probabilities, differs from the evaluation, or
            is too slow.
        NoAnswerError: The model does not respond. Other errors do not concern the model.
    """
    answers, milliseconds = _invoke_all(runtime, endpoint, samples)
    differences = [
        _difference(_checked(answer, endpoint, sample), sample)
        for answer, sample in zip(answers, samples, strict=True)
    ]
    _check_latency(endpoint, milliseconds, limits, before)
    return {
        "images": len(samples),
        "right": _right(answers, samples),
        "largest_difference": max(differences),
        "milliseconds": milliseconds,
        "before": dict(before) if before else None,
    }


def _invoke_all(
    runtime: Any, endpoint: str, samples: Sequence[Sample]
) -> tuple[list[list[float]], float]:
    """Return the response for each sample, and the median latency in milliseconds."""
    seconds: list[float] = []
    for _ in range(ROUNDS):
        answers = []
        for sample in samples:
            started = time.perf_counter()
            answers.append(_predict(runtime, endpoint, sample))
            seconds.append(time.perf_counter() - started)
    return answers, round(median(seconds) * 1000, 1)


def _check_latency(
    endpoint: str, milliseconds: float, limits: Endpoint, before: Mapping[str, Any] | None
) -> None:
    maximum, former = limits.maximum_latency_ms, (before or {}).get("milliseconds")
    if maximum is not None and milliseconds > maximum:
        raise SmokeTestError(
            f"{endpoint}: the median latency is {milliseconds:g} ms, more than "
            f"endpoint.maximum_latency_ms ({maximum:g})"
        )
    if limits.maximum_slowdown is None or former is None:
        return
    if milliseconds > limits.maximum_slowdown * former:
        raise SmokeTestError(
            f"{endpoint}: the median latency is {milliseconds:g} ms, that of the former model was "
            f"{former:g} ms, and endpoint.maximum_slowdown is {limits.maximum_slowdown:g}"
        )


def _right(answers: Sequence[list[float]], samples: Sequence[Sample]) -> int:
    return sum(
        _best(answer) == sample.label for answer, sample in zip(answers, samples, strict=True)
    )


def _predict(runtime: Any, endpoint: str, sample: Sample) -> list[float]:
    try:
        answer = json.loads(_invoke(runtime, endpoint, sample))
    except ValueError as error:
        raise SmokeTestError(
            f"{endpoint}: the response for {sample.key} is not JSON: {error}"
        ) from error
    if not isinstance(answer, list) or not all(_is_number(value) for value in answer):
        raise SmokeTestError(f"{endpoint}: the response for {sample.key} is not a list of numbers")
    return answer


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _invoke(runtime: Any, endpoint: str, sample: Sample) -> bytes:
    try:
        response = runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType=IMAGE_TYPE, Body=sample.content
        )
        content: bytes = response["Body"].read()
    except Exception as error:
        if error_code(error) not in MODEL_ERRORS:
            raise
        raise NoAnswerError(f"{endpoint}: no response for {sample.key}: {error}") from error
    return content


def _checked(answer: list[float], endpoint: str, sample: Sample) -> list[float]:
    if len(answer) != len(sample.expected):
        raise SmokeTestError(
            f"{endpoint}: the response for {sample.key} has {len(answer)} probabilities, "
            f"the evaluation's has {len(sample.expected)}: another model serves"
        )
    if abs(sum(answer) - 1) > TOLERANCE or min(answer) < 0:
        raise SmokeTestError(
            f"{endpoint}: the response for {sample.key} is not a probability distribution: its "
            f"sum is {sum(answer)}, its minimum {min(answer)}"
        )
    return answer


def _difference(answer: list[float], sample: Sample) -> float:
    largest = max(abs(a - b) for a, b in zip(answer, sample.expected, strict=True))
    if largest > TOLERANCE:
        raise SmokeTestError(
            f"{sample.key}: the endpoint predicts class {_best(answer)} with {max(answer):.3f}, "
            f"the evaluation predicted class {_best(sample.expected)} with "
            f"{max(sample.expected):.3f}: the serving model is not the evaluated one"
        )
    return largest


def _best(probabilities: Sequence[float]) -> int:
    return max(range(len(probabilities)), key=probabilities.__getitem__)
