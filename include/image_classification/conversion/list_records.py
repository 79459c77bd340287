"""The modes of MXNet's im2rec.py: a folder to lists, and lists to record files."""

import argparse
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.conversion.convert import Converter, Entry, FailedImage
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.conversion.listing import (
    Shares,
    find_images,
    folders_with_images,
    shuffled,
    write_lists,
)
from include.image_classification.conversion.record_files import RecordFiles, write_record_files
from include.image_classification.progress import with_progress
from include.image_classification.recordio.image_list import ListedImage, read_list, write_list
from include.image_classification.recordio.image_records import LARGEST_IDENTIFIER, LARGEST_LABEL

NAMED_IN_ERROR = 3

_log = logging.getLogger(__name__)


def list_images(flags: argparse.Namespace) -> None:
    """Write lists of the images in a folder.

    Raises:
        CommandError: The folder has no images.
    """
    root = Path(flags.root)
    images, labels = find_images(root, flags.exts, flags.recursive)
    if flags.recursive:
        for folder, label in labels.items():
            _log.info("label %d: %s", label, folder)
    elif skipped := folders_with_images(root, flags.exts):
        _log.warning(
            "%d subfolders of %s hold images that are not listed, for example %s; list them with"
            " --recursive",
            len(skipped), root, skipped[0],
        )  # fmt: skip
    shares = Shares(flags.chunks, flags.train_ratio, flags.test_ratio)
    ordered = shuffled(images) if flags.shuffle else images
    for path in write_lists(Path(flags.prefix), ordered, shares):
        _log.info("wrote %s", path)


def convert_lists(flags: argparse.Namespace, encoding: Encoding) -> None:
    """Convert all lists whose path starts with the prefix, or all lists in the prefix's folder.

    Raises:
        CommandError: There is no list, a list is damaged, or images cannot be read. The record
            files of that list are not changed.
    """
    prefix: str = flags.prefix
    folder = Path(prefix if os.path.isdir(prefix) else os.path.dirname(prefix))
    lists = [path for path in sorted(folder.glob("*.lst")) if str(path).startswith(prefix)]
    lists = [path for path in lists if not path.name.endswith(".skipped.lst")]
    if not lists:
        raise CommandError(f"no list matches {prefix}*.lst; write a list with --list")
    for path in lists:
        if not any(True for _ in read_list(path)):
            raise CommandError(
                f"{path.name} lists no images: remove it, or write it again with --list"
            )
    for path in lists:
        _convert(path, flags, encoding)


def _convert(path: Path, flags: argparse.Namespace, encoding: Encoding) -> None:
    files = RecordFiles.of(path.with_suffix(""))
    earlier = files.earlier(encoding) if flags.reuse else None
    converter = Converter(encoding, [earlier] if earlier else [], noting=flags.reuse)
    results = converter.convert(_entries(path, flags), flags.num_thread)
    failed: list[FailedImage] = []
    with write_record_files(files, encoding, notes=flags.reuse) as writer:
        title = f"{path.name}: images converted"
        for result in with_progress(results, title, _count_lines(path)):
            if isinstance(result, FailedImage):
                _log.warning("%s: %s", result.entry.name, result.reason)
                failed.append(result)
            else:
                writer.add(result)
        _handle_failed(path, failed, flags.skip_unreadable)
    _log.info(
        "%s: %d records, %d of them reused, %d bytes",
        files.records.name, writer.count, writer.reused, writer.bytes,
    )  # fmt: skip


def _entries(path: Path, flags: argparse.Namespace) -> Iterator[Entry]:
    for position, image in read_list(path):
        labels = image.labels if flags.pack_label else image.labels[:1]
        _check_numbers(position, image.index, labels)
        yield Entry(image.index, labels, image.path, _locate(flags.root, image.path))


def _check_numbers(position: str, index: int, labels: Sequence[float]) -> None:
    """Check that a record can hold these numbers.

    Raises:
        CommandError: The index or a label is out of range.
    """
    if not 0 <= index <= LARGEST_IDENTIFIER:
        raise CommandError(
            f"{position}: the index {index} is out of range; a record's index is 0 to"
            f" {LARGEST_IDENTIFIER}"
        )
    for label in labels:
        if not abs(label) <= LARGEST_LABEL:
            raise CommandError(
                f"{position}: the label {label} is out of range; a record holds numbers up to"
                f" {LARGEST_LABEL}"
            )


def _locate(root: str, name: str) -> str:
    r"""Return the path of a listed image; a list written on Windows separates folders by `\`."""
    path = os.path.join(root, name)
    if "\\" in name and not os.path.lexists(path):
        return os.path.join(root, name.replace("\\", "/"))
    return path


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _handle_failed(path: Path, failed: list[FailedImage], skip: bool) -> None:
    """Write the list of skipped images; fail if images may not be skipped."""
    skipped = path.with_name(f"{path.stem}.skipped.lst")
    skipped.unlink(missing_ok=True)
    if not failed:
        return
    if not skip:
        named = "; ".join(
            f"{image.entry.name}: {image.reason}" for image in failed[:NAMED_IN_ERROR]
        )
        raise CommandError(
            f"{len(failed)} images of {path.name} cannot be read ({named}); fix them, remove them"
            " from the list, or skip them with --skip-unreadable"
        )
    entries = (image.entry for image in failed)
    write_list(skipped, [ListedImage(entry.index, entry.labels, entry.name) for entry in entries])
    _log.warning("skipped %d images; they are listed in %s", len(failed), skipped.name)
