"""Flags of the command im2rec: those of MXNet's im2rec.py, and additional ones."""

import argparse
import os
from collections.abc import Sequence

from include.contracts.commands import Command
from include.contracts.commands import Im2recFlag as Flag
from include.image_classification.container import CommandError
from include.image_classification.conversion.encoding import FITS, Encoding, Fit
from include.image_classification.flags import FlagParser, fraction, positive_integer

DESCRIPTION = (
    "List images, or convert them to RecordIO files. With PREFIX and ROOT it works as MXNet's"
    " im2rec.py; without, it converts the dataset version in the inputs of a processing job."
)


def parse_flags(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse im2rec's flags; `prefix` and `root` are absolute, or None in a processing job.

    Raises:
        CommandError: A flag is unknown, has an invalid value, or contradicts another flag.
    """
    parser = _parser()
    flags = parser.parse_args(arguments)
    if flags.prefix and not flags.root:
        parser.error(f"ROOT is missing after {flags.prefix}: name the folder that holds the images")
    flags.prefix = flags.prefix and os.path.abspath(flags.prefix)
    flags.root = flags.root and os.path.abspath(flags.root)
    if flags.list and not flags.prefix:
        parser.error("--list needs PREFIX and ROOT")
    if flags.center_crop and flags.fit not in (None, "crop"):
        parser.error(f"--center-crop and --fit {flags.fit} contradict each other: use one of them")
    if flags.fit == "squash" and not flags.resize:
        parser.error("--fit squash needs --resize, the side of the square")
    if flags.train_ratio + flags.test_ratio > 1:
        parser.error(
            f"--train-ratio {flags.train_ratio} plus --test-ratio {flags.test_ratio} is more than 1"
        )
    return flags


def encoding_of(flags: argparse.Namespace) -> Encoding:
    """Return the encoding that the flags select.

    Raises:
        CommandError: The quality is out of the format's range.
    """
    if flags.encoding == ".jpg" and not 1 <= flags.quality <= 100:
        raise CommandError(f"im2rec: argument --quality: {flags.quality} is not in 1..100")
    fit: Fit = "crop" if flags.center_crop else flags.fit or ("keep" if flags.prefix else "squash")
    return Encoding(
        resize=flags.resize,
        fit=fit,
        quality=flags.quality,
        color=flags.color,
        format=flags.encoding,
        pass_through=flags.pass_through,
    )


def _parser() -> FlagParser:
    parser = FlagParser(Command.IM2REC, DESCRIPTION)
    parser.add_argument("prefix", nargs="?", help="path prefix of the .lst and .rec files")
    parser.add_argument("root", nargs="?", help="the folder that image paths are relative to")
    _add_list_flags(parser.add_argument_group("lists"))
    _add_record_flags(parser.add_argument_group("records, as in MXNet's im2rec.py"))
    _add_extra_flags(parser.add_argument_group("records, not in MXNet's im2rec.py"))
    return parser


def _add_list_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--list", action="store_true", help="write <prefix>.lst of the images in root")
    add("--exts", nargs="+", default=[".jpeg", ".jpg", ".png"], help="suffixes of image files")
    add("--chunks", type=positive_integer, default=1, help="number of parts of the list")
    add("--train-ratio", type=fraction, default=1.0, help="share of training images")
    add(
        "--test-ratio",
        type=fraction,
        default=0.0,
        help="share of test images; the rest is validation",
    )
    add(
        "--recursive", action="store_true", help="search subfolders, a label for each; else label 0"
    )
    add("--no-shuffle", dest="shuffle", action="store_false", help="keep the order of the paths")


def _add_record_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--pass-through", action="store_true", help="store the files unchanged")
    add(Flag.RESIZE, type=_size, default=0, help="the shorter side in pixels; 0 keeps the size")
    add("--center-crop", action="store_true", help="crop to the central square first")
    add(Flag.QUALITY, type=int, default=95, help="JPEG 1-100, or PNG compression 1-9")
    add("--num-thread", type=positive_integer, default=os.cpu_count() or 1, help="threads")
    add("--color", type=int, default=1, choices=(-1, 0, 1), help="1 color, 0 gray, -1 as stored")
    add("--encoding", default=".jpg", choices=(".jpg", ".png"))
    add("--pack-label", action="store_true", help="store all labels of a line, not just the first")


def _add_extra_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(Flag.FIT, choices=FITS, help="keep the aspect ratio, crop to a square, squash to a square")
    add(
        "--skip-unreadable",
        action="store_true",
        help="skip images that cannot be read, and list them",
    )
    add(
        "--no-reuse",
        dest="reuse",
        action="store_false",
        help="decode all images; write no notes for lists",
    )
    add(Flag.RECORDIO_VERSION, default="", help="in a processing job: name of the version")


def _size(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, not {text}")
    return number
