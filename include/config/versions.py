"""Content-addressed names: the same inputs have the same name in every installation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from include.config.sections.conversion import Conversion
from include.config.sections.dataset import Dataset
from include.config.sections.source import Source

DELIVERY_SETTINGS = {"urls", "complete_marker", "settle_minutes"}
"""Settings of how a source's files arrive, which do not change how the files are read."""

LENGTH = 16
"""Number of hexadecimal digits of a version's name."""


def digest(content: Any) -> str:
    """Return a short hash of a JSON value that does not depend on the order of keys."""
    return hashlib.sha256(_canonical(content).encode()).hexdigest()[:LENGTH]


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class ListingDigest:
    """`digest` of a JSON object with a member for a listing, whose entries are added one by one.

    The memory that it needs does not depend on the number of entries.

    Attributes:
        count: The number of entries.
    """

    def __init__(self, member: str, entries: Mapping[str, Any] | None = None) -> None:
        """Create the digest of a listing.

        Args:
            member: The name of the listing's member in the object.
            entries: Entries to begin with.
        """
        self._hash = hashlib.sha256(f"{{{_canonical(member)}:{{".encode())
        self._member = member
        self.count = 0
        for key, value in sorted((entries or {}).items()):
            self.add(key, value)

    def add(self, key: str, value: Any) -> None:
        """Add an entry; the keys must come in the order of S3's listing, that of their bytes."""
        separator = "," if self.count else ""
        self._hash.update(f"{separator}{_canonical(key)}:{_canonical(value)}".encode())
        self.count += 1

    def digest_with(self, rest: Mapping[str, Any]) -> str:
        """Return the digest of the object that has these members besides the listing's.

        Args:
            rest: Members whose names come after the listing's in the alphabet; at least one.
        """
        assert min(rest) > self._member
        whole = self._hash.copy()
        whole.update(f"}},{_canonical(rest)[1:]}".encode())
        return whole.hexdigest()[:LENGTH]


def conversion_settings(conversion: Conversion) -> dict[str, Any]:
    """Return the settings that change a RecordIO file's bytes."""
    return conversion.model_dump(include={"resize", "fit", "quality"})


def recordio_version(dataset_version: str, conversion: Conversion) -> str:
    """Return the name of the RecordIO version of a dataset version with these settings."""
    return digest({"dataset": dataset_version, "settings": conversion_settings(conversion)})


NEW_SETTINGS = ("label_files", "columns")
"""Settings of a source that are part of its fingerprint only if they are used: sources that were
read before there were these settings keep their fingerprints."""


def source_fingerprint(
    files: ListingDigest, source: Source, dataset: Dataset, labels: str = ""
) -> str:
    """Return a hash of a source's state: its files, labels, and the settings to read them with.

    Args:
        files: The listing `files`: ETag and size of each file by key.
        source: The section `source`.
        dataset: The section `dataset`.
        labels: The hash of the labels of users, or "" if there are none.
    """
    read = source.model_dump(exclude=DELIVERY_SETTINGS)
    for setting in NEW_SETTINGS:
        if not read[setting]:
            del read[setting]
    settings = {**read, **dataset.model_dump(exclude={"instance", *_without_effect(labels)})}
    return files.digest_with({"settings": settings} | ({"labels": labels} if labels else {}))


def _without_effect(labels: str) -> set[str]:
    """Return the settings that matter only for labels, if there are none."""
    return set() if labels else {"new_classes_from_labels"}


def training_fingerprint(
    recordio: str,
    hyperparameters: Mapping[str, str],
    image: str,
    start_from: str | None = None,
    instances: int = 1,
    drifted_champion: str | None = None,
) -> str:
    """Return a hash of a training: the same data, settings and image are not trained twice.

    Args:
        recordio: The RecordIO version.
        hyperparameters: The complete hyperparameters of the request.
        image: The image's digest, or its URI if the digest is unknown.
        start_from: The pipeline's `training.start_from`. "champion" is part of the hash, but the
            package is not: a champion of the same data and settings gives nothing new to learn.
        instances: The number of instances: several instances make larger batches.
        drifted_champion: The champion's package, if the training continues from it only because
            one of its batches has drifted.
    """
    content = {"recordio": recordio, "hyperparameters": dict(hyperparameters), "image": image}
    start = {"start_from": start_from} if start_from == "champion" else {}
    drifted = {"drifted_champion": drifted_champion} if drifted_champion else {}
    return digest(content | start | drifted | ({"instances": instances} if instances > 1 else {}))
