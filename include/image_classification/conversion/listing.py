"""Lists of the images in a folder, as MXNet's `im2rec.py --list` writes them."""

import logging
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.recordio.image_list import ListedImage, write_list

_log = logging.getLogger(__name__)

# The seed of im2rec.py: the same folder gives the same list.
SHUFFLE_SEED = 100


@dataclass(frozen=True)
class Shares:
    """Division of a list into chunks, and of a chunk into test, train and validation (the rest)."""

    chunks: int = 1
    train: float = 1.0
    test: float = 0.0


def find_images(
    root: Path, suffixes: Sequence[str], recursive: bool
) -> tuple[list[ListedImage], dict[str, int]]:
    """Find the images in a folder, as `im2rec.py --list` does.

    Args:
        root: The folder.
        suffixes: The suffixes of image files, in lower case, with the dot.
        recursive: Whether to search subfolders (and links to folders); the label is the position
            of the image's folder. Otherwise the label is 0.

    Returns:
        The images in order, and the label of each folder that holds images.

    Raises:
        CommandError: The folder does not exist or holds no images.
    """
    if not root.is_dir():
        raise CommandError(f"{root} is not a folder; name the folder that holds the images")
    labels: dict[str, int] = {}
    images: list[ListedImage] = []
    for folder, names in _folders(root) if recursive else [(str(root), sorted(os.listdir(root)))]:
        for name in names:
            path = os.path.join(folder, name)
            if os.path.splitext(name)[1].lower() in suffixes and os.path.isfile(path):
                label = labels.setdefault(os.path.relpath(folder, root), len(labels))
                images.append(ListedImage(len(images), (label,), os.path.relpath(path, root)))
    if not images:
        raise CommandError(
            f"{root} holds no images that end in {', '.join(suffixes)}; name other suffixes with"
            " --exts" + ("" if recursive else ", or search subfolders with --recursive")
        )
    return images, labels


def folders_with_images(root: Path, suffixes: Sequence[str]) -> list[str]:
    """Return the subfolders of a folder that directly hold an image, sorted by name.

    The arguments are those of `find_images`.
    """
    return [name for name in sorted(os.listdir(root)) if _holds_images(root / name, suffixes)]


def _holds_images(folder: Path, suffixes: Sequence[str]) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:  # a file, or a folder without permission
        return False
    return any(os.path.splitext(name)[1].lower() in suffixes for name in names)


def _folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    for folder, folders, names in os.walk(root, followlinks=True):
        folders.sort()
        yield folder, sorted(names)


def shuffled(images: Sequence[ListedImage]) -> list[ListedImage]:
    """Return the images in im2rec.py's random order, which is reproducible."""
    order = list(images)
    random.Random(SHUFFLE_SEED).shuffle(order)
    return order


def write_lists(prefix: Path, images: Sequence[ListedImage], shares: Shares) -> list[Path]:
    """Write `<prefix>[_<chunk>][_train|_val|_test].lst` and return the paths.

    The files and their boundaries are the same as those of im2rec.py, also if a list is empty.
    """
    size = -(-len(images) // shares.chunks)
    written = []
    for chunk in range(shares.chunks):
        number = f"_{chunk}" if shares.chunks > 1 else ""
        part = images[chunk * size : (chunk + 1) * size]
        for name, rows in _divide(part, size, shares):
            path = prefix.with_name(f"{prefix.name}{number}{name}.lst")
            write_list(path, rows)
            written.append(path)
            if not rows:
                _warn_of_empty_list(path, len(images), shares)
    return written


def _warn_of_empty_list(path: Path, images: int, shares: Shares) -> None:
    _log.warning(
        "%s is empty: %d images are too few for --train-ratio %s, --test-ratio %s and --chunks %d; "
        "use shares of at least one image of a chunk, or remove this list before converting",
        path.name, images, shares.train, shares.test, shares.chunks,
    )  # fmt: skip


def _divide(
    part: Sequence[ListedImage], size: int, shares: Shares
) -> Iterator[tuple[str, Sequence[ListedImage]]]:
    if shares.train == 1.0:
        yield "", part
        return
    test, train = int(size * shares.test), int(size * shares.train)
    if shares.test:
        yield "_test", part[:test]
    if shares.train + shares.test < 1.0:
        yield "_val", part[test + train :]
    yield "_train", part[test : test + train]
