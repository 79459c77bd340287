"""Inputs of a job: S3 prefixes and manifests, downloaded into the container."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from include.local_aws.containers.archives import RESERVE
from include.local_aws.containers.gzipped import BAD_GZIP
from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import Objects, S3Object, leads_out, split_uri

_ALL = slice(None)
_CHUNK = 16 * 1024**2


def list_objects(objects: Objects, source: dict[str, Any]) -> list[S3Object]:
    """Return the objects of an S3 data source, a prefix or a manifest, in order.

    Raises:
        JobFailure: There are no objects, or the manifest is not valid.
    """
    uri = source["S3Uri"]
    kind = source.get("S3DataType", "S3Prefix")
    if kind == "S3Prefix":
        found = list(objects.under(uri))
    elif kind == "ManifestFile":
        found = _from_manifest(objects, uri)
    else:
        raise JobFailure(f"ClientError: local_aws does not support S3DataType {kind}")
    if not found:
        raise JobFailure(f"ClientError: {nothing_under(uri)}")
    return found


def nothing_under(uri: str) -> str:
    """Return SageMaker's message for an empty data source."""
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. '
        "Please ensure that the bucket exists in the selected region (us-east-1), that objects "
        "exist under that S3 prefix, and that the role has access."
    )


def fetch(
    objects: Objects,
    source: dict[str, Any],
    directory: Path,
    compression: str,
    check: Callable[[], None],
    share: slice = _ALL,
) -> None:
    """Download a data source to a directory.

    Args:
        objects: S3.
        source: The S3 data source.
        directory: The target folder.
        compression: `Gzip` if the files must be decompressed.
        check: Called before each object; an exception that it raises ends the download.
        share: The objects to download of a ShardedByS3Key source, in the order of their keys. It
            may be empty.
    """
    directory.mkdir(parents=True, exist_ok=True)
    found = in_share(source, list_objects(objects, source), share)
    objects.download(found, directory, check)
    if compression == "Gzip":
        for file in [f for f in directory.rglob("*") if f.is_file()]:
            _gunzip(file)


def in_share(source: dict[str, Any], found: list[S3Object], share: slice) -> list[S3Object]:
    """Return the share of a ShardedByS3Key source's objects, or all objects of other sources."""
    return sorted(found, key=lambda item: item.key)[share] if is_sharded(source) else found


def is_sharded(source: dict[str, Any]) -> bool:
    """Return whether each host gets different objects."""
    return source.get("S3DataDistributionType") == "ShardedByS3Key"


def _from_manifest(objects: Objects, uri: str) -> list[S3Object]:
    bucket, key = split_uri(uri)
    try:
        head, *names = json.loads(objects.read(S3Object(bucket, key, key)))
        base_bucket, base_key = split_uri(head["prefix"])
        if not all(isinstance(name, str) for name in names):
            raise ValueError("a name is not a string")
    except JobFailure:
        raise
    except Exception as error:
        raise JobFailure(
            f'ClientError: {uri} is not a manifest ([{{"prefix": "s3://..."}}, "name", ...]): '
            f"{error}"
        ) from error
    for name in names:
        if leads_out(base_key + name):
            raise JobFailure(f"ClientError: the object name {name!r} leads outside its prefix")
    return [S3Object(base_bucket, base_key + name, name) for name in names]


def _gunzip(file: Path) -> None:
    target = file.with_suffix("") if file.suffix == ".gz" else file.with_name(file.name + ".plain")
    try:
        with gzip.open(file) as packed, target.open("wb") as plain:
            while chunk := packed.read(_CHUNK):
                plain.write(chunk)
                if shutil.disk_usage(file.parent).free < RESERVE:
                    raise JobFailure(f"ClientError: {file.name} holds more than there is room for")
    except BAD_GZIP as error:
        raise JobFailure(f"ClientError: {file.name} is not Gzip data: {error}") from error
    file.unlink()
    if target.suffix == ".plain":
        target.rename(file)
