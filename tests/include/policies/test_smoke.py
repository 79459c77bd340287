"""The smoke test passes when the endpoint answers as the evaluation did, and says why not."""

import json
from typing import Any

import pytest

from include.pipeline import Layout
from include.policies.smoke import LARGEST_BODY, Sample, SmokeTestError, load_samples, smoke_test
from include.policies.split import LabelledImage

SAMPLE = Sample("aa/1.jpg", 0, b"jpeg", [0.7, 0.2, 0.1])


def answer(runtime: Any, content: Any) -> None:
    runtime.answer(
        "invoke_endpoint",
        runtime.body(json.dumps(content).encode()),
        EndpointName="cars",
        ContentType="application/x-image",
        Body=b"jpeg",
    )


def test_an_endpoint_that_answers_as_evaluated_passes(runtime: Any) -> None:
    answer(runtime, [0.69, 0.21, 0.1])
    result = smoke_test(runtime.client, "cars", [SAMPLE])
    assert result["images"] == result["right"] == 1
    assert result["largest_difference"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"prediction": [1.0]}, "is not a list of numbers"),
        (["a", "b", "c"], "is not a list of numbers"),
        ([0.5, 0.5], "has 2 probabilities, the evaluation's has 3: another model serves"),
        ([0.9, 0.9, 0.9], "is no distribution"),
        ([1.5, -0.3, -0.2], "is no distribution"),
        ([0.1, 0.2, 0.7], "says class 2 with 0.700, the evaluation said 0 with 0.700"),
    ],
)
def test_a_wrong_answer_is_told(runtime: Any, content: Any, reason: str) -> None:
    answer(runtime, content)
    with pytest.raises(SmokeTestError, match=reason):
        smoke_test(runtime.client, "cars", [SAMPLE])


def test_samples_are_of_different_classes_and_fit_a_request(s3: Any, layout: Layout) -> None:
    images = [
        LabelledImage("aa/1.jpg", 10, 0),
        LabelledImage("bb/2.jpg", 10, 0),
        LabelledImage("cc/3.jpg", LARGEST_BODY + 1, 1),
        LabelledImage("dd/4.jpg", 10, 2),
    ]
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
    samples = load_samples(s3.client, layout, "job-1", images, 2)
    assert [(sample.key, sample.label) for sample in samples] == [("aa/1.jpg", 0), ("dd/4.jpg", 2)]
