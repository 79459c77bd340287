"""Texts of users and of AWS reach the model registry in a form that SageMaker accepts."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.local_aws.api.validation import ServiceModel
from include.local_aws.errors import ApiError
from include.sagemaker_requests.package import approval_description, metadata

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
MODEL = ServiceModel()
TEXTS = st.text(st.characters(max_codepoint=0xFFFF))


def update(description: str, properties: dict[str, str]) -> dict[str, Any]:
    return {
        "ModelPackageArn": ARN,
        "ApprovalDescription": description,
        "CustomerMetadataProperties": {"known": "1", **properties},
    }


def test_sagemaker_refuses_a_line_break() -> None:
    """Else the tests below would show nothing."""
    with pytest.raises(ApiError, match="approvalDescription"):
        MODEL.check("UpdateModelPackage", update("first\nsecond", {}))


@given(TEXTS)
@example("it failed:\r\n\tno /ping\x00\x85\u2028\u2029.")
@example("seen them \U0001f697" * 200)
@example("\ud800")
def test_any_text_becomes_one_that_sagemaker_accepts(text: str) -> None:
    description = approval_description(text)
    request = update(description, metadata({"reason": text}))
    assert MODEL.check("UpdateModelPackage", request) == request
    assert len(description.encode("utf-16-le")) <= 2 * 1024


def test_a_reason_stays_readable() -> None:
    reason = "rejected by Zoé:\n  blurred,\tand 3 % worse \U0001f697"
    expected = "rejected by Zoé: blurred, and 3 % worse \U0001f697"
    assert approval_description(reason) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("word " * 51 + "x", "word " * 51 + "x"),  # 256 characters
        ("word " * 52, "word " * 49 + "word..."),
        ("a " + "x" * 300, "a..."),
        ("x" * 300, "x" * 256),
    ],
)
def test_a_long_value_ends_with_a_whole_word(text: str, expected: str) -> None:
    assert metadata({"reason": text}) == {"reason": expected}
