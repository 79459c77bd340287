"""Earlier trainings: the same one, or how the newest one on the same data differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from include.common.text import shorten_list
from include.decisions.registry.packages import Package
from include.decisions.registry.search import matching_packages
from include.decisions.training.image_digest import PinnedImage
from include.sagemaker_requests.package import CUT, LONGEST_VALUE, metadata_text

UNSET = "unset"


def settings_text(hyperparameters: Mapping[str, str]) -> str:
    """Return hyperparameters as one line, as the metadata of a model package has them."""
    return " ".join(f"{name}={value}" for name, value in hyperparameters.items())


def find_trainings(
    sagemaker: Any, group: str, fingerprint: str, recordio: str
) -> tuple[Package | None, Package | None]:
    """Look for an earlier training among all packages, see `matching_packages`.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The model package group.
        fingerprint: The fingerprint of the planned training.
        recordio: The RecordIO version of the planned training.

    Returns:
        The newest package of the same training; and if there is none, the newest package of
        another training on the same RecordIO version.
    """
    similar: Package | None = None

    def is_relevant(facts: Mapping[str, str]) -> bool:
        is_similar = facts.get("recordio_version") == recordio
        return facts.get("fingerprint") == fingerprint or (similar is None and is_similar)

    for package in matching_packages(sagemaker, group, is_relevant):
        if package.metadata.get("fingerprint") == fingerprint:
            return package, None
        similar = package
    return None, similar


def describe_difference(
    package: Package,
    hyperparameters: Mapping[str, str],
    image: PinnedImage,
    fingerprint_with: Callable[[str], str],
) -> str | None:
    """Return what distinguishes a planned training from that of a package.

    Args:
        package: The package of a training on the same RecordIO version.
        hyperparameters: The complete hyperparameters of the planned training.
        image: The image of the planned training.
        fingerprint_with: Returns the fingerprint that the planned training would have with an
            image of this `PinnedImage.identity`.

    Returns:
        A clause such as "learning_rate 0.1 -> 0.05 since the training of package 7", or None if
        the package's metadata has no difference. The metadata is cut to 256 characters and has
        neither the number of instances nor `training.start_from`, so further differences are
        possible unless the clause says "only".
    """
    before = PinnedImage(package.metadata.get("image", image.uri)).identity
    changes = _changed_settings(package.metadata.get("hyperparameters", ""), hyperparameters)
    since = f"since the training of package {package.version}"
    if before != image.identity:
        if fingerprint_with(before) == package.metadata.get("fingerprint"):
            return f"only the container image differs {since}"
        changes = ["another container image", *changes]
    return f"{shorten_list(changes)} {since}" if changes else None


def _changed_settings(text: str, hyperparameters: Mapping[str, str]) -> list[str]:
    """Return `<name> <before> -> <now>` for each setting that differs, as far as it is known."""
    before, now = _parse(text), _parse(metadata_text(settings_text(hyperparameters)))
    names = [*before, *(name for name in now if name not in before)]
    # Earlier versions cut at the limit, perhaps at a space that was removed, and added no mark.
    if text.endswith(CUT) or len(text) >= LONGEST_VALUE - 1:
        names = list(before)[:-1]
    return [
        f"{name} {before.get(name, UNSET)} -> {now.get(name, UNSET)}"
        for name in names
        if before and before.get(name) != now.get(name)
    ]


def _parse(text: str) -> dict[str, str]:
    """Return the settings of a line `name=value name=value`; a value may contain spaces."""
    pairs = (pair.partition("=") for pair in re.split(r" (?=\w+=)", text) if "=" in pair)
    return {name: value for name, _, value in pairs}
