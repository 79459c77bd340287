"""What im2rec is told: MXNet's flags with MXNet's meaning, and those of our own."""

import argparse
import os
from collections.abc import Sequence

from include.image_classification.container import ProgramError
from include.image_classification.conversion.encoding import FITS, Encoding, Fit
from include.image_classification.flags import FlagParser, fraction, positive_integer

DESCRIPTION = (
    "List images, or convert them into RecordIO files. With PREFIX and ROOT it does what MXNet's"
    " im2rec.py does; without, it converts the data set version that a processing job is given."
)


def parse_flags(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse im2rec's flags; `prefix` and `root` are absolute, or None for a processing job.

    Raises:
        ProgramError: A flag is unknown, its value makes no sense, or two contradict each other.
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
        parser.error(f"--center-crop and --fit {flags.fit} contradict each other: give one")
    if flags.fit == "squash" and not flags.resize:
        parser.error("--fit squash needs --resize, the side of the square")
    if flags.train_ratio + flags.test_ratio > 1:
        parser.error("--train-ratio and --test-ratio are more than 1 together")
    return flags


def encoding_of(flags: argparse.Namespace) -> Encoding:
    """The encoding that the flags ask for.

    Raises:
        ProgramError: The quality is out of the format's range.
    """
    if flags.encoding == ".jpg" and not 1 <= flags.quality <= 100:
        raise ProgramError(f"im2rec: argument --quality: {flags.quality} is not in 1..100")
    fit: Fit = "crop" if flags.center_crop else flags.fit or ("keep" if flags.prefix else "squash")
    return Encoding(
        resize=flags.resize,
        fit=fit,
        quality=flags.quality,
        colour=flags.color,
        format=flags.encoding,
        pass_through=flags.pass_through,
    )


def _parser() -> FlagParser:
    parser = FlagParser("im2rec", DESCRIPTION)
    parser.add_argument("prefix", nargs="?", help="of the .lst and .rec files, with their folder")
    parser.add_argument("root", nargs="?", help="the folder that the images' paths are relative to")
    _listing(parser.add_argument_group("lists"))
    _records(parser.add_argument_group("records, as MXNet has them"))
    _own(parser.add_argument_group("records, of our own"))
    return parser


def _listing(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--list", action="store_true", help="write <prefix>.lst of the images below root")
    add("--exts", nargs="+", default=[".jpeg", ".jpg", ".png"], help="which files are images")
    add("--chunks", type=positive_integer, default=1, help="divide the list into so many")
    add("--train-ratio", type=fraction, default=1.0, help="share of each list that trains")
    add("--test-ratio", type=fraction, default=0.0, help="share that tests; the rest validates")
    add("--recursive", action="store_true", help="one label a folder; else root only, label 0")
    add("--no-shuffle", dest="shuffle", action="store_false", help="keep the order of the paths")


def _records(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--pass-through", action="store_true", help="store the files as they are")
    add("--resize", type=_size, default=0, help="the shorter side, in pixels; 0 leaves it")
    add("--center-crop", action="store_true", help="cut to the centre's square first")
    add("--quality", type=int, default=95, help="JPEG 1-100, or PNG compression 1-9")
    add("--num-thread", type=positive_integer, default=os.cpu_count() or 1, help="all processors")
    add("--color", type=int, default=1, choices=(-1, 0, 1), help="colour 1, grey 0, as stored -1")
    add("--encoding", default=".jpg", choices=(".jpg", ".png"))
    add("--pack-label", action="store_true", help="store all labels of a line, not only the first")


def _own(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--fit", choices=FITS, help="keep the aspect, crop as --center-crop, squash to the square")
    add("--skip-unreadable", action="store_true", help="name images that cannot be read, and go on")
    add("--no-reuse", dest="reuse", action="store_false", help="decode all; a list's get no notes")
    add("--recordio-version", default="", help="in a processing job: the version's name")


def _size(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, not {text}")
    return number
