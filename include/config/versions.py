"""Names made from content: the same inputs have the same name on any machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from include.config.sections.conversion import Conversion
from include.config.sections.dataset import Dataset
from include.config.sections.source import Source

HOW_IT_COMES = {"urls", "complete_marker", "settle_minutes"}
"""A source's settings that say how its files get there, not how they are read."""

LENGTH = 16
"""Hexadecimal digits of a version's name."""


def digest(content: Any) -> str:
    """Return the short hash of something that JSON can hold, whatever the order of its keys."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:LENGTH]


def conversion_settings(conversion: Conversion) -> dict[str, Any]:
    """Return the settings that change a RecordIO file's bytes."""
    return conversion.model_dump(include={"resize", "fit", "quality"})


def recordio_version(dataset_version: str, conversion: Conversion) -> str:
    """Name the RecordIO version that a dataset version gives under these settings."""
    return digest({"dataset": dataset_version, "settings": conversion_settings(conversion)})


def source_fingerprint(files: Mapping[str, str], source: Source, dataset: Dataset) -> str:
    """Name the state of a source: its files with their tags, and the settings that read them.

    Args:
        files: Each file's key with its ETag and size.
        source: Where the files are, and which classes are taken.
        dataset: How they are split and checked.
    """
    wanted = source.model_dump(exclude=HOW_IT_COMES)
    settings = {**wanted, **dataset.model_dump(exclude={"instance"})}
    return digest({"files": dict(files), "settings": settings})


def training_fingerprint(
    recordio: str,
    hyperparameters: Mapping[str, str],
    image: str,
    start_from: str | None = None,
    instances: int = 1,
    drifted_champion: str | None = None,
) -> str:
    """Name a training: the same data, hyperparameters and image are not trained twice.

    `image` is the image's digest, or its address where that is all that is known.
    That it starts from the champion is part of the name, but not from which: a champion of the
    very same data and settings is nothing new to learn from. How many instances train is, too:
    together they make larger batches. `drifted_champion` is the package that the training goes on
    from although nothing else is new, as a batch which that model answered has drifted.
    """
    content = {"recordio": recordio, "hyperparameters": dict(hyperparameters), "image": image}
    start = {"start_from": start_from} if start_from == "champion" else {}
    asked = {"drifted_champion": drifted_champion} if drifted_champion else {}
    return digest(content | start | asked | ({"instances": instances} if instances > 1 else {}))
