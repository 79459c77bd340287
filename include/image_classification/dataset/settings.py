"""What a refresh is told, by its flags."""

import os
from dataclasses import dataclass

from include.contracts.commands import BOX_USES, SPLITTINGS, STORINGS, Command
from include.contracts.commands import RefreshFlag as Flag
from include.contracts.limits import MOST_PIXELS
from include.image_classification.dataset.layouts import LAYOUTS
from include.image_classification.dataset.version.photo_check import PhotoRules
from include.image_classification.dataset.version.split import SplitRatio
from include.image_classification.flags import FlagParser, fraction, positive_integer


@dataclass(frozen=True)
class RefreshSettings:
    """The settings of one refresh; those in `recorded` are part of its result."""

    layout: str
    classes: str | None
    split: str
    devkit: str | None
    ratio: SplitRatio
    rules: PhotoRules
    quarantine_limit: float
    store: str
    threads: int
    source_uri: str
    source_fingerprint: str
    images_uri: str

    def recorded(self) -> dict[str, object]:
        """The settings that shape a version, for its dataset.json."""
        return {
            "classes": self.classes,
            "split": self.split,
            "devkit": self.devkit,
            "train_ratio": self.ratio.train,
            "validation_ratio": self.ratio.validation,
            "min_side": self.rules.min_side,
            "max_pixels": self.rules.max_pixels,
            "boxes": "whole" if self.rules.margin is None else "crop",
            "box_margin": self.rules.margin,
            "quarantine_limit": self.quarantine_limit,
        }


def parse_settings(arguments: list[str]) -> RefreshSettings:
    """Parse the flags of `refresh`.

    Raises:
        ProgramError: A flag is unknown or its value makes no sense.
    """
    flags = _parser().parse_args(arguments)
    return RefreshSettings(
        layout=flags.layout,
        classes=flags.classes or None,
        split=flags.split,
        devkit=flags.devkit or None,
        ratio=SplitRatio(flags.train_ratio, flags.validation_ratio),
        rules=PhotoRules(
            min_side=flags.min_side,
            max_pixels=flags.max_pixels,
            margin=flags.box_margin if flags.boxes == "crop" else None,
        ),
        quarantine_limit=flags.quarantine_limit,
        store=flags.store,
        threads=flags.threads,
        source_uri=flags.source_uri,
        source_fingerprint=flags.source_fingerprint,
        images_uri=flags.images_uri,
    )


def _parser() -> FlagParser:
    parser = FlagParser(Command.REFRESH, "Turn a raw source into an immutable data set version.")
    add = parser.add_argument
    add(Flag.LAYOUT, required=True, choices=LAYOUTS, help="how the source says what a photo shows")
    add(Flag.CLASSES, help="use the first N classes, or these names or 1-based numbers, by commas")
    add(
        Flag.SPLIT,
        choices=SPLITTINGS,
        default="ratio",
        help="by ratio, or as the source says first",
    )
    add(Flag.DEVKIT, help="the devkit to use, relative to the source, where there is more than one")
    add(Flag.TRAIN_RATIO, type=fraction, default=0.8, help="share of a class that trains")
    add(Flag.VALIDATION_RATIO, type=fraction, default=0.1, help="share that validates")
    add(Flag.MIN_SIDE, type=positive_integer, default=16, help="refuse smaller photos, in pixels")
    add(Flag.MAX_PIXELS, type=positive_integer, default=MOST_PIXELS, help="refuse larger photos")
    add(Flag.QUARANTINE_LIMIT, type=fraction, default=0.05, help="fail above this share refused")
    add(
        Flag.BOXES,
        choices=BOX_USES,
        default="whole",
        help="whole photos, or cropped to their boxes",
    )
    add(Flag.BOX_MARGIN, type=fraction, default=0.0, help="share of a box's sides to add around it")
    add(Flag.STORE, choices=STORINGS, default="new", help="only what the previous version lacks?")
    add("--threads", type=positive_integer, default=os.cpu_count() or 1)
    add(Flag.SOURCE_URI, default="", help="where the source came from, to be recorded")
    add(Flag.SOURCE_FINGERPRINT, default="", help="what the source was, to be recorded")
    add(Flag.IMAGES_URI, default="", help="where the images will be in S3, for conversion.manifest")
    return parser
