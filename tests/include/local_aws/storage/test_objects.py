"""Names and paths of objects and files."""

import os
from pathlib import Path

import pytest

from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import Objects, files_below, inside, split_uri
from include.local_aws.storage.small_objects import ObjectTransferError, SmallObjects
from tests.include.local_aws.local_server import BUCKET, LocalServer


@pytest.fixture(scope="module")
def objects(aws: LocalServer) -> Objects:
    return Objects(aws.environment["AWS_ENDPOINT_URL_S3"], aws.credentials)


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("names/test/", ["a.txt", "b.txt"]),
        ("names/test", ["a.txt", "b.txt", "test_small/c.txt"]),
        ("names/test/a.txt", ["a.txt"]),
        ("names/te", ["test/a.txt", "test/b.txt", "test_small/c.txt"]),
        ("names/none", []),
    ],
)
def test_names_are_relative_to_the_folder_of_the_prefix(
    aws: LocalServer, objects: Objects, prefix: str, names: list[str]
) -> None:
    aws.put("names/test", a="1", b="2")
    aws.put("names/test_small", c="3")
    found = [item.relative for item in objects.under(f"s3://{BUCKET}/{prefix}")]
    assert found == names


def test_a_missing_bucket_has_no_objects(objects: Objects) -> None:
    assert not objects.any_under("s3://no-such-bucket/x")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", ""])
def test_no_name_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(JobFailure, match="leads outside"):
        inside(tmp_path / "directory", name)


@pytest.mark.parametrize("uri", ["bucket/key", "s3://", "https://bucket/key", "s3://../key"])
def test_other_uris_are_rejected(uri: str) -> None:
    with pytest.raises(JobFailure, match="is not an S3 URI"):
        split_uri(uri)


@pytest.mark.parametrize("key", ["../other/key", "a/../../other", "a/./b", ".."])
def test_a_uri_that_leads_out_of_its_bucket_is_rejected(key: str) -> None:
    """HTTP clients resolve `..`, so that another bucket would be read."""
    with pytest.raises(JobFailure, match="leads out of its bucket"):
        split_uri(f"s3://bucket/{key}")
    assert split_uri("s3://bucket/a..b/...") == ("bucket", "a..b/...")


def test_pipes_and_broken_links_are_not_uploaded(tmp_path: Path) -> None:
    """Opening a pipe would block forever."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file").touch()
    (tmp_path / "link").symlink_to("deep/file")
    (tmp_path / "broken").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe")
    assert files_below(tmp_path) == [tmp_path / "link", tmp_path / "deep/file"]


# Names of which some are sent by obstore, and others, which it would change, by boto3.
NAMES = ("plain/a-b_c.1.jpg", "with space", "ü", "a%20b", "a+b", "#", "~", ".hidden", "&=?")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"content" * 1000])
def test_an_object_has_the_name_and_the_content_of_its_file(
    aws: LocalServer, objects: Objects, tmp_path: Path, name: str, content: bytes
) -> None:
    s3 = aws.client("s3")
    (tmp_path / "file").write_bytes(content)
    objects.upload_file(tmp_path / "file", f"s3://{BUCKET}/sent/{name}")
    s3.put_object(Bucket=BUCKET, Key=f"put/{name}", Body=content)
    sent, put = (s3.get_object(Bucket=BUCKET, Key=f"{folder}/{name}") for folder in ("sent", "put"))
    assert sent["Body"].read() == content
    assert (sent["ContentType"], sent["ETag"]) == (put["ContentType"], put["ETag"])
    objects.download_file(f"s3://{BUCKET}/put/{name}", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content


def test_a_missing_object_is_an_error_with_the_code_of_s3(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(JobFailure, match=rf"s3://{BUCKET}/no/such\.jpg: \(NoSuchKey\)"):
        objects.download_file(f"s3://{BUCKET}/no/such.jpg", tmp_path / "file")
    (tmp_path / "file").touch()
    with pytest.raises(JobFailure, match=r"\(NoSuchBucket\)"):
        objects.upload_file(tmp_path / "file", "s3://no-such-bucket/a.jpg")


def test_small_objects_use_no_proxy(
    aws: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    small = SmallObjects(aws.environment["AWS_ENDPOINT_URL_S3"], aws.credentials)
    (tmp_path / "file").write_bytes(b"direct")
    small.put(BUCKET, "proxy/a.jpg", tmp_path / "file")
    with (tmp_path / "fetched").open("wb") as target:
        small.get(BUCKET, "proxy/a.jpg", target)
    assert (tmp_path / "fetched").read_bytes() == b"direct"


def test_small_objects_report_what_fails(aws: LocalServer, tmp_path: Path) -> None:
    small = SmallObjects(aws.environment["AWS_ENDPOINT_URL_S3"], aws.credentials)
    with pytest.raises(ObjectTransferError), (tmp_path / "fetched").open("wb") as target:
        small.get(BUCKET, "no/such.jpg", target)
