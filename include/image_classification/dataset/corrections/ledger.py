"""The label ledger and the plan's listing: which photos the labels of a refresh mean."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from include.contracts import files
from include.contracts.label_photos import (
    BoundLabel,
    JoinedPhoto,
    LocatedPhoto,
    label_number,
    read_rows,
    row_lines,
)
from include.image_classification.container import CommandError
from include.image_classification.dataset.corrections.naming import name_of
from include.image_classification.dataset.corrections.opinions import Opinion
from include.image_classification.dataset.version.atomic_files import open_atomically


@dataclass(frozen=True)
class LabelLedger:
    """What earlier refreshes know about labels.

    Attributes:
        bound: The hash of the photo of each label, by the label's number.
        joined: The photos that are in the dataset by labels, by hash.
    """

    bound: dict[int, str] = field(default_factory=dict)
    joined: dict[str, JoinedPhoto] = field(default_factory=dict)


def read_label_ledger(folder: Path) -> LabelLedger:
    """Read the label ledger from the folder of an earlier refresh's ledgers, if it is there.

    Raises:
        CommandError: The ledger is damaged.
    """
    path, ledger = folder / files.LABEL_LEDGER, LabelLedger()
    if not path.exists():
        return ledger
    try:
        with gzip.open(path) as lines:
            for row in read_rows(lines):
                if "stored" in row:
                    ledger.joined[row["sha256"]] = row
                else:
                    number = label_number(row["file"], row["who"], row["when"])
                    ledger.bound[number] = row["sha256"]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"the label ledger {path} is damaged ({error!r}): restore the S3 object in this job's "
            "input `ledger`, for example from an earlier object version"
        ) from error
    return ledger


def write_label_ledger(
    folder: Path,
    opinions: Iterable[Opinion],
    bound: Mapping[int, str],
    joined: Iterable[JoinedPhoto],
) -> int:
    """Write the ledger for the next refresh and return the number of its rows.

    The photos that joined come first, as `include.decisions` needs them to read it in one pass.

    Args:
        folder: The folder of this refresh's ledgers.
        opinions: All labels of this refresh.
        bound: The hashes of their photos, by the labels' numbers.
        joined: The photos that are in the dataset by labels.
    """
    rows: list[JoinedPhoto | BoundLabel] = sorted(joined, key=lambda row: row["sha256"])
    for opinion in opinions:
        name = name_of(opinion)
        sha256 = bound.get(label_number(name, opinion.who, opinion.when))
        if sha256:
            rows.append(BoundLabel(file=name, who=opinion.who, when=opinion.when, sha256=sha256))
    if rows:
        # Without time and name in the header, the same rows give the same file.
        with (
            open_atomically(folder / files.LABEL_LEDGER) as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        ):
            packed.writelines(row_lines(rows))
    return len(rows)


def read_located(folder: Path) -> dict[str, LocatedPhoto]:
    """Return the incoming photos that the refresh's plan looked up, by file.

    Raises:
        CommandError: The plan's file is damaged.
    """
    path = folder / files.LABELLED_PHOTOS
    if not path.exists():
        return {}
    try:
        with path.open("rb") as lines:
            return {row["file"]: row for row in read_rows(lines)}
    except (ValueError, KeyError) as error:
        raise CommandError(
            f"{path} is damaged ({error!r}): clear the task `plan`, which writes it"
        ) from error
