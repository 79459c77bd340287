"""One split of a data set version as the three files that im2rec makes: .rec, .idx, .lst."""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.conversion.recordio import RecordWriter, pack_image
from include.image_classification.conversion.resizing import Encoding, to_square_jpeg
from include.image_classification.dataset.manifest import Image
from include.image_classification.progress import with_progress
from include.image_classification.workers import ordered_map


@dataclass(frozen=True)
class RecordFiles:
    """Where one split's records, their offsets and their list go."""

    records: Path
    index: Path
    listing: Path


def write_record_files(
    images: Sequence[Image], store: Path, files: RecordFiles, encoding: Encoding, processes: int
) -> int:
    """Convert images into record files and return the size of the records in bytes.

    Records are in the order of their images' hashes, which mixes the classes and is the same
    every time; the files do not depend on the number of processes.

    Args:
        images: What to convert.
        store: The folder that the images' keys are relative to.
        files: Where to write.
        encoding: What the images become.
        processes: How many convert at a time.

    Raises:
        ProgramError: An image is missing, is not what its key says, or cannot be decoded.
    """
    ordered = sorted(images, key=lambda image: image.sha256)
    convert = functools.partial(_record, store=store, encoding=encoding)
    records: Iterator[bytes] = ordered_map(convert, enumerate(ordered), processes)
    records = with_progress(records, f"{files.records.name}: images converted", len(ordered))
    with (
        files.records.open("wb") as record_file,
        files.index.open("w", encoding="ascii") as index,
        files.listing.open("w", encoding="ascii") as listing,
    ):
        writer = RecordWriter(record_file)
        for number, (image, record) in enumerate(zip(ordered, records, strict=True)):
            index.write(f"{number}\t{writer.write(record)}\n")
            listing.write(f"{number}\t{image.label}\t{image.key}\n")
    return files.records.stat().st_size


def _record(numbered: tuple[int, Image], store: Path, encoding: Encoding) -> bytes:
    number, image = numbered
    data = _read(store / image.key, image)
    try:
        content = to_square_jpeg(data, encoding)
    except ValueError as error:
        raise ProgramError(f"image {image.key} ({image.path}): {error}") from error
    return pack_image([image.label], number, content)


def _read(path: Path, image: Image) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        message = f"image {image.key} ({image.path}) is not in the store; refresh the data set"
        raise ProgramError(message) from error
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise ProgramError(f"image {image.key} ({image.path}) holds other bytes than its name says")
    return data
