"""What the plan of a refresh notes about the photos that labels name."""

from typing import Any

import pytest

from include.decisions.dataset.labels.photos import content_md5

MD5 = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"ETag": f'"{MD5}"'}, MD5),
        ({"ETag": f'"{MD5}"', "ServerSideEncryption": "AES256"}, MD5),
        ({"ETag": f'"{MD5}"', "ServerSideEncryption": "aws:kms"}, None),
        ({"ETag": f'"{MD5}"', "SSECustomerAlgorithm": "AES256"}, None),
        ({"ETag": f'"{MD5}-2"'}, None),
    ],
)
def test_an_etag_that_is_no_md5_is_not_taken_for_one(
    head: dict[str, Any], expected: str | None
) -> None:
    """Otherwise no label of a photo that is encrypted with KMS would have an effect."""
    assert content_md5(head) == expected
