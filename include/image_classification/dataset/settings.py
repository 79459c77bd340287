"""What a refresh is told, by its flags."""

import os
from dataclasses import dataclass

from include.image_classification.dataset.photo_check import PhotoLimits
from include.image_classification.dataset.split import SplitRatio
from include.image_classification.flags import FlagParser, fraction, positive_integer

LAYOUTS = ("stanford_cars", "class_folders")


@dataclass(frozen=True)
class RefreshSettings:
    """The settings of one refresh; those in `recorded` are part of its result."""

    layout: str
    classes: str | None
    ratio: SplitRatio
    limits: PhotoLimits
    quarantine_limit: float
    processes: int
    source_uri: str
    source_fingerprint: str

    def recorded(self) -> dict[str, object]:
        """The settings that shape a version, for its dataset.json."""
        return {
            "classes": self.classes,
            "train_ratio": self.ratio.train,
            "validation_ratio": self.ratio.validation,
            "min_side": self.limits.min_side,
            "max_pixels": self.limits.max_pixels,
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
        ratio=SplitRatio(flags.train_ratio, flags.validation_ratio),
        limits=PhotoLimits(flags.min_side, flags.max_pixels),
        quarantine_limit=flags.quarantine_limit,
        processes=flags.processes,
        source_uri=flags.source_uri,
        source_fingerprint=flags.source_fingerprint,
    )


def _parser() -> FlagParser:
    parser = FlagParser("refresh", "Turn a raw source into an immutable data set version.")
    add = parser.add_argument
    add("--layout", required=True, choices=LAYOUTS, help="how the source says what a photo shows")
    add("--classes", help="use the first N classes, or these names or 1-based numbers, by commas")
    add("--train-ratio", type=fraction, default=0.8, help="share of a class that trains")
    add("--validation-ratio", type=fraction, default=0.1, help="share that validates")
    add("--min-side", type=positive_integer, default=16, help="refuse smaller photos, in pixels")
    add("--max-pixels", type=positive_integer, default=100_000_000, help="refuse larger photos")
    add("--quarantine-limit", type=fraction, default=0.05, help="fail above this share refused")
    add("--processes", type=positive_integer, default=os.cpu_count() or 1)
    add("--source-uri", default="", help="where the source came from, to be recorded")
    add("--source-fingerprint", default="", help="what the source was, to be recorded")
    return parser
