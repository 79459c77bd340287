"""The samples of a dataset version, and the check that a candidate can be evaluated on it."""

from __future__ import annotations

import logging
from typing import Any

from include.config.sections.evaluation import Evaluation
from include.contracts.records import VersionSamples
from include.contracts.records.samples import SampleCollector
from include.decisions.dataset.manifest_rows import manifest_rows
from include.storage.layout import Layout
from include.storage.records import RecordError, read_valid_record, write_record

log = logging.getLogger(__name__)


def read_samples(s3: Any, layout: Layout, version: str) -> VersionSamples:
    """Return a dataset version's samples; make and store them if the version has none.

    The refresh job writes them with the version. Versions of earlier releases lack them: their
    manifest is read once, row by row.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.

    Raises:
        RecordError: The version has neither samples nor a manifest.
    """
    key = layout.dataset_samples(version)
    found = read_valid_record(s3, layout.bucket, key, "dataset refresh", VersionSamples)
    if found is not None:
        return found
    collector = SampleCollector()
    for row in manifest_rows(s3, layout, version):
        collector.add(row["split"], row["key"], int(row["size"]), int(row["label"]))
    samples = collector.samples()
    write_record(s3, layout.bucket, key, samples)
    log.info("%s was missing: it was made from the version's manifest", layout.uri(key))
    return samples


def check_evaluation(s3: Any, layout: Layout, version: str, evaluation: Evaluation) -> None:
    """Check before a training that its candidate can be evaluated on the dataset version.

    A candidate that cannot be evaluated is not registered, so that every nightly run would pay for
    the same training again.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.
        evaluation: The pipeline's section `evaluation`: the split and the request size.

    Raises:
        RecordError: The split has no images, or an image that is too large for a request.
    """
    split, transform = evaluation.split, evaluation.transform
    found = read_samples(s3, layout, version).split(split)
    if not found.images or found.largest is None:
        raise RecordError(
            f"dataset {version} has no {split} images: add photos to its source, or choose "
            "another evaluation.split"
        )
    if found.largest.size > transform.max_payload_bytes:
        raise RecordError(
            f"the largest of the {found.images} {split} images of dataset {version}, "
            f"{found.largest.key}, has {found.largest.size} bytes, more than "
            f"evaluation.transform.max_payload_mb ({transform.max_payload_mb}): raise the limit, "
            "or make the images smaller in the source"
        )
