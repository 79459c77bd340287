"""Files of the catalogue on this computer: in the weights folder, or in an installed package."""

import hashlib
import importlib.util
from pathlib import Path

from include.contracts.pretrained_weights import PublishedWeights
from include.image_classification.container import CommandError


def stored_file(entry: PublishedWeights, folder: Path) -> Path | None:
    """Return the file of these weights in a folder, or None if it is not there.

    Raises:
        CommandError: The file is another one than was published, or cannot be read.
    """
    return _checked(folder / entry.file_name, entry)


def packaged_file(entry: PublishedWeights) -> Path | None:
    """Return the file of these weights in an installed package, or None if there is none.

    The package is located and not imported, because its code may import other packages.

    Raises:
        CommandError: The file is another one than was published, or cannot be read.
    """
    if entry.package is None:
        return None
    spec = importlib.util.find_spec(entry.package.module)
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        if path := _checked(Path(folder) / entry.package.path, entry):
            return path
    return None


def difference(path: Path, entry: PublishedWeights) -> str | None:
    """Return how a file differs from the published one, or None if it is the same.

    Raises:
        OSError: The file cannot be read.
    """
    size = path.stat().st_size
    if entry.size is not None and size != entry.size:
        return f"it has {size} bytes instead of {entry.size} (SHA-256 {entry.sha256})"
    if size > entry.max_bytes:
        return f"it has {size} bytes, more than the limit of {entry.max_bytes}"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != entry.sha256:
        return f"it has SHA-256 {found} instead of {entry.sha256}"
    return None


def _checked(path: Path, entry: PublishedWeights) -> Path | None:
    try:
        if not path.is_file():
            return None
        problem = difference(path, entry)
    except OSError as error:
        raise CommandError(
            f"the weights {path} cannot be read: {error.strerror}; correct its permissions"
        ) from error
    if problem is not None:
        raise CommandError(
            f"{path} is not the published file of {entry.name}: {problem}. It was cut off or "
            "replaced, and was not loaded: delete it, and run `make weights` or train again; to "
            "use other weights, set pretrained_model_uri and pretrained_model_sha256"
        )
    return path
