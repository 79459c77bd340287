"""Did the smoke test pass: does the endpoint answer as the evaluation said it would?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.pipeline.layout import Layout
from include.policies.split import LabelledImage

LARGEST_BODY = 6_291_456
"""Bytes that InvokeEndpoint takes."""

TOLERANCE = 0.05
"""How far a probability may be from the evaluation's: machines round differently."""


class SmokeTestError(Exception):
    """The endpoint does not answer as it should; the text says for which image and how."""


@dataclass(frozen=True)
class Sample:
    """An image with what the evaluation predicted for it."""

    key: str
    label: int
    content: bytes
    expected: list[float]


def load_samples(
    s3: Any, layout: Layout, training_job: str, images: Sequence[LabelledImage], count: int
) -> list[Sample]:
    """Return a few images of different classes, with the evaluation's predictions.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        training_job: Whose evaluation is the reference.
        images: The images that were evaluated.
        count: How many to take.
    """
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
        for image in _spread(images, count)
    ]


def smoke_test(runtime: Any, endpoint: str, samples: Sequence[Sample]) -> dict[str, Any]:
    """Ask the endpoint for each sample, and compare.

    Args:
        runtime: A boto3 SageMaker runtime client.
        endpoint: Whom to ask.
        samples: What to ask.

    Returns:
        How many images were asked, how many answers were the true class, the largest difference.

    Raises:
        SmokeTestError: An answer is not a list of probabilities, or not the evaluation's.
    """
    answers = [(_ask(runtime, endpoint, sample), sample) for sample in samples]
    differences = [_difference(answer, sample) for answer, sample in answers]
    right = sum(_best(answer) == sample.label for answer, sample in answers)
    return {"images": len(samples), "right": right, "largest_difference": max(differences)}


def _spread(images: Sequence[LabelledImage], count: int) -> list[LabelledImage]:
    """Take images of as many classes as possible; keys are hashes, so order is chance."""
    small = [image for image in images if image.size <= LARGEST_BODY]
    first = {image.label: image for image in reversed(small)}
    chosen = [first[label] for label in sorted(first)][:count]
    rest = [image for image in small if image not in chosen]
    return [*chosen, *rest][:count]


def _ask(runtime: Any, endpoint: str, sample: Sample) -> list[float]:
    response = runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="application/x-image", Body=sample.content
    )
    answer = json.loads(response["Body"].read())
    if not isinstance(answer, list) or not all(isinstance(value, int | float) for value in answer):
        raise SmokeTestError(f"{endpoint}: the answer for {sample.key} is not a list of numbers")
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
