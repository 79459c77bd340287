"""Read the label ledger: which photos the labels of earlier refreshes meant."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from typing import Any

from include.contracts.label_photos import label_number, read_rows
from include.contracts.records import DatasetPointer
from include.storage.layout import Layout
from include.storage.records import RecordError


@dataclass(frozen=True)
class KnownLabels:
    """What earlier refreshes know about labels; about 100 bytes a label and a photo.

    Attributes:
        bound: The numbers of the labels whose photo is known.
        stored: The keys, relative to the pipeline's folder, of the photos that joined the dataset.
    """

    bound: set[int] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)


def read_label_ledger(s3: Any, layout: Layout, current: DatasetPointer | None) -> KnownLabels:
    """Read the label ledger that the current version's refresh wrote, if it wrote one.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        current: The content of dataset/current.json, or None before the first version.

    Raises:
        RecordError: The ledger is missing or damaged.
    """
    known = KnownLabels()
    if current is None or current.labels is None or not current.labels.ledger_rows:
        return known
    key = layout.label_ledger_file(str(current.job))
    try:
        body = s3.get_object(Bucket=layout.bucket, Key=key)["Body"]
        with gzip.open(body) as lines:
            for row in read_rows(lines):
                if "stored" in row:
                    known.stored.add(row["stored"])
                else:
                    known.bound.add(label_number(row["file"], row["who"], row["when"]))
    except s3.exceptions.NoSuchKey:
        raise _error(layout.uri(key), "is missing") from None
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise _error(layout.uri(key), f"is damaged ({error})") from error
    return known


def _error(uri: str, problem: str) -> RecordError:
    return RecordError(
        f"the label ledger {uri} {problem}: restore it, for example from an earlier object "
        "version. Only if that is impossible, remove `labels` from dataset/current.json; photos "
        "that joined by labels and are no longer in incoming/ then leave the dataset"
    )
