"""Did the smoke test pass: does the endpoint answer as the evaluation said it would?"""

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
from include.decisions.dataset.split import LabelledImage, split_images
from include.storage.layout import Layout

LARGEST_BODY = 6_291_456
"""Bytes that InvokeEndpoint takes."""

TOLERANCE = 0.05
"""How far a probability may be from the evaluation's: machines round differently."""

ROUNDS = 3
"""How often each image is asked for: the first answer of a new machine comes late."""

UNANSWERED = frozenset({"ModelError", "ReadTimeoutError"})
"""Errors of InvokeEndpoint that are the model's: it was asked, and there is no answer.

SageMaker itself waits 60 s for the model, and then answers ModelError; the client waits longer.
"""


class SmokeTestError(PermanentError):
    """The endpoint does not answer as it should; the text says for which image and how."""


class NoSamplesError(PermanentError):
    """No photo can be asked for, so that no model can be tested; the text says why."""


class NoAnswerError(Exception):
    """The model was asked and did not answer; another try may find it better."""


@dataclass(frozen=True)
class Sample:
    """An image with what the evaluation predicted for it."""

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
        training_job: Whose evaluation is the reference.
        version: The dataset version that was evaluated.
        split: The split of it.
        count: How many to take.

    Raises:
        NoSamplesError: Each image of the split is larger than an endpoint takes.
    """
    images = _spread(split_images(s3, layout, version, split), count)
    if not images:
        raise NoSamplesError(
            f"dataset {version} has no {split} image of at most {LARGEST_BODY} bytes, the most "
            "that InvokeEndpoint takes, and without one no model is deployed: nobody could test "
            "it. Add smaller photos to the source"
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
    """Ask what serves before an update for each sample.

    Args:
        runtime: A boto3 SageMaker runtime client.
        endpoint: Whom to ask.
        samples: What to ask.

    Returns:
        How many `images` were asked, how many answers were the true class (`right`; None where the
        model has other classes), and the median answer's `milliseconds`. A model that does not
        answer has an `error` instead: an update may be what mends it.

    Raises:
        botocore.exceptions.ClientError: One may not ask, and so could not ask the new model either.
    """
    try:
        answers, milliseconds = _ask_all(runtime, endpoint, samples)
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
    """Ask the endpoint for each sample, and compare.

    Args:
        runtime: A boto3 SageMaker runtime client.
        endpoint: Whom to ask.
        samples: What to ask.
        limits: How long an answer may take.
        before: What `capture_baseline` returned, if another model served.

    Returns:
        How many `images` were asked, how many answers were the true class (`right`), the
        `largest_difference`, the median answer's `milliseconds`, and `before`.

    Raises:
        SmokeTestError: An answer is not a list of probabilities, or not the evaluation's, or comes
            too late.
        NoAnswerError: The model does not answer. Any other error says nothing of the model.
    """
    answers, milliseconds = _ask_all(runtime, endpoint, samples)
    differences = [
        _difference(_checked(answer, endpoint, sample), sample)
        for answer, sample in zip(answers, samples, strict=True)
    ]
    _check_pace(endpoint, milliseconds, limits, before)
    return {
        "images": len(samples),
        "right": _right(answers, samples),
        "largest_difference": max(differences),
        "milliseconds": milliseconds,
        "before": dict(before) if before else None,
    }


def _ask_all(
    runtime: Any, endpoint: str, samples: Sequence[Sample]
) -> tuple[list[list[float]], float]:
    """Return the answer for each sample, and the milliseconds of the median one."""
    seconds: list[float] = []
    for _ in range(ROUNDS):
        answers = []
        for sample in samples:
            started = time.perf_counter()
            answers.append(_ask(runtime, endpoint, sample))
            seconds.append(time.perf_counter() - started)
    return answers, round(median(seconds) * 1000, 1)


def _check_pace(
    endpoint: str, milliseconds: float, limits: Endpoint, before: Mapping[str, Any] | None
) -> None:
    most, former = limits.maximum_latency_ms, (before or {}).get("milliseconds")
    if most is not None and milliseconds > most:
        raise SmokeTestError(
            f"{endpoint}: the median answer takes {milliseconds:g} ms, more than "
            f"endpoint.maximum_latency_ms ({most:g})"
        )
    if limits.maximum_slowdown is None or former is None:
        return
    if milliseconds > limits.maximum_slowdown * former:
        raise SmokeTestError(
            f"{endpoint}: the median answer takes {milliseconds:g} ms, the model before took "
            f"{former:g} ms, and endpoint.maximum_slowdown is {limits.maximum_slowdown:g}"
        )


def _right(answers: Sequence[list[float]], samples: Sequence[Sample]) -> int:
    return sum(
        _best(answer) == sample.label for answer, sample in zip(answers, samples, strict=True)
    )


def _spread(images: Sequence[LabelledImage], count: int) -> list[LabelledImage]:
    """Take images of as many classes as possible; keys are hashes, so order is chance."""
    small = [image for image in images if image.size <= LARGEST_BODY]
    first = {image.label: image for image in reversed(small)}
    chosen = [first[label] for label in sorted(first)][:count]
    rest = [image for image in small if image not in chosen]
    return [*chosen, *rest][:count]


def _ask(runtime: Any, endpoint: str, sample: Sample) -> list[float]:
    try:
        answer = json.loads(_answer(runtime, endpoint, sample))
    except ValueError as error:
        raise SmokeTestError(
            f"{endpoint}: the answer for {sample.key} is no JSON: {error}"
        ) from error
    if not isinstance(answer, list) or not all(_is_number(value) for value in answer):
        raise SmokeTestError(f"{endpoint}: the answer for {sample.key} is not a list of numbers")
    return answer


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _answer(runtime: Any, endpoint: str, sample: Sample) -> bytes:
    try:
        response = runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/x-image", Body=sample.content
        )
        content: bytes = response["Body"].read()
    except Exception as error:
        if error_code(error) not in UNANSWERED:
            raise
        raise NoAnswerError(f"{endpoint}: no answer for {sample.key}: {error}") from error
    return content


def _checked(answer: list[float], endpoint: str, sample: Sample) -> list[float]:
    if len(answer) != len(sample.expected):
        raise SmokeTestError(
            f"{endpoint}: the answer for {sample.key} has {len(answer)} probabilities, "
            f"the evaluation's has {len(sample.expected)}: another model serves"
        )
    if abs(sum(answer) - 1) > TOLERANCE or min(answer) < 0:
        raise SmokeTestError(
            f"{endpoint}: the answer for {sample.key} is no distribution, it sums to {sum(answer)}"
        )
    return answer


def _difference(answer: list[float], sample: Sample) -> float:
    largest = max(abs(a - b) for a, b in zip(answer, sample.expected, strict=True))
    if largest > TOLERANCE:
        raise SmokeTestError(
            f"{sample.key}: the endpoint says class {_best(answer)} with {max(answer):.3f}, the "
            f"evaluation said {_best(sample.expected)} with {max(sample.expected):.3f}: what "
            "serves is not what was judged"
        )
    return largest


def _best(probabilities: Sequence[float]) -> int:
    return max(range(len(probabilities)), key=probabilities.__getitem__)
