"""S3 URIs are split without regard to the meaning of characters in web addresses."""

import pytest

from include.common.s3_uri import split_s3_uri


@pytest.mark.parametrize(
    "key",
    ["", "photos/", "a?b", "a#b/c.jpg", "50 %/a b.jpg", "a%20b", "a+b&c=d", "/a//b", "ü/[1].jpg"],
)
def test_everything_after_the_bucket_is_the_key(key: str) -> None:
    assert split_s3_uri(f"s3://some-bucket/{key}") == ("some-bucket", key)


def test_a_bucket_needs_no_slash() -> None:
    assert split_s3_uri("s3://some-bucket") == ("some-bucket", "")


@pytest.mark.parametrize("text", ["", "photos/", "s3:/bucket/a", "https://bucket/a", "s3:///a"])
def test_other_texts_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="is not an S3 URI"):
        split_s3_uri(text)
