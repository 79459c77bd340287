"""Download a file of the catalogue from its mirrors."""

import logging
from pathlib import Path

from include.contracts.environment import PRETRAINED_WEIGHTS_FOLDER
from include.contracts.pretrained_weights import PublishedWeights
from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.catalogue.new_file import new_file
from include.image_classification.training.pretrained.catalogue.stored_files import difference
from include.image_classification.training.pretrained.web_download import DownloadError, download

_log = logging.getLogger(__name__)


class NoMirrorError(Exception):
    """No mirror has the file; the text names each that was tried, with the reason."""


def download_weights(entry: PublishedWeights, folder: Path) -> Path:
    """Return the file of these weights, downloaded into a folder and checked.

    Raises:
        NoMirrorError: No mirror provides the published file.
        CommandError: The file cannot be written, or FETCH_ALLOWED_HOSTS is invalid.
    """
    failures = []
    for url in entry.mirrors:
        _log.info("Downloading %s to %s", url, folder)
        try:
            _download(url, entry, folder)
        except DownloadError as error:
            failures.append(f"{url}: {error}")
        except OSError as error:
            raise CommandError(
                f"{entry.file_name} cannot be stored in {folder}: {error.strerror or error}; free "
                f"some space, or set {PRETRAINED_WEIGHTS_FOLDER} to another folder"
            ) from error
        else:
            return folder / entry.file_name
    raise NoMirrorError("; ".join(failures) or "it is not on the web")


def _download(url: str, entry: PublishedWeights, folder: Path) -> None:
    with new_file(folder, entry.file_name) as file:
        download(url, file, entry.max_bytes)
        file.flush()
        problem = difference(Path(file.name), entry)
        if problem is not None:
            raise DownloadError(f"it is not the published file: {problem}")
