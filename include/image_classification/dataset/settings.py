"""Settings of a refresh, from the command's flags."""

import os
from dataclasses import dataclass

from include.contracts.commands import BOX_USES, NEW_CLASSES, SPLITTINGS, STORINGS, Command
from include.contracts.commands import RefreshFlag as Flag
from include.contracts.limits import MAX_PIXELS
from include.image_classification.dataset.layouts import AUTO, LAYOUTS
from include.image_classification.dataset.tables.options import LabelOptions, parse_options
from include.image_classification.dataset.version.photo_check import PhotoRules
from include.image_classification.dataset.version.split import SplitRatio
from include.image_classification.flags import FlagParser, fraction, positive_integer


@dataclass(frozen=True)
class RefreshSettings:
    """The settings of a refresh; `recorded` returns those that are part of the result."""

    layout: str
    classes: str | None
    split: str
    devkit: str | None
    label_options: LabelOptions
    ratio: SplitRatio
    rules: PhotoRules
    quarantine_limit: float
    store: str
    threads: int
    source_uri: str
    source_fingerprint: str
    images_uri: str
    labels_uri: str
    new_classes: bool

    def recorded(self) -> dict[str, object]:
        """Return the settings that determine a version, for dataset.json."""
        return {
            "classes": self.classes,
            "split": self.split,
            "devkit": self.devkit,
            **self.label_options.recorded(),
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
        CommandError: A flag is unknown or has an invalid value.
    """
    flags = _parser().parse_args(arguments)
    return RefreshSettings(
        layout=flags.layout,
        classes=flags.classes or None,
        split=flags.split,
        devkit=flags.devkit or None,
        label_options=parse_options(flags.label_files, flags.columns, flags.source_uri),
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
        labels_uri=flags.labels_uri,
        new_classes=flags.new_classes == "create",
    )


def _parser() -> FlagParser:
    parser = FlagParser(Command.REFRESH, "Create an immutable dataset version from a raw source.")
    add = parser.add_argument
    add(
        Flag.LAYOUT, default=AUTO, choices=(AUTO, *LAYOUTS), help="how the source labels its photos"
    )
    add(Flag.CLASSES, help="the first N classes, or comma-separated names or 1-based numbers")
    add(
        Flag.SPLIT,
        choices=SPLITTINGS,
        default="ratio",
        help="by ratio, or by the source's own splits first",
    )
    add(Flag.DEVKIT, help="path of the devkit in the source, if it has several")
    add(Flag.LABEL_FILES, help="paths in the source of the label files to read; default: found")
    add(Flag.COLUMNS, help="columns of label files, such as file=image_id,label=breed")
    add(Flag.TRAIN_RATIO, type=fraction, default=0.8, help="share of training images")
    add(Flag.VALIDATION_RATIO, type=fraction, default=0.1, help="share of validation images")
    add(Flag.MIN_SIDE, type=positive_integer, default=16, help="minimum side of a photo in pixels")
    add(
        Flag.MAX_PIXELS,
        type=positive_integer,
        default=MAX_PIXELS,
        help="maximum pixels of a photo",
    )
    add(
        Flag.QUARANTINE_LIMIT,
        type=fraction,
        default=0.05,
        help="maximum share of quarantined photos",
    )
    add(
        Flag.BOXES,
        choices=BOX_USES,
        default="whole",
        help="keep photos whole, or crop them to their boxes",
    )
    add(Flag.BOX_MARGIN, type=fraction, default=0.0, help="margin, as a share of the box's sides")
    add(Flag.STORE, choices=STORINGS, default="new", help="store only new images, or all")
    add("--threads", type=positive_integer, default=os.cpu_count() or 1)
    add(Flag.SOURCE_URI, default="", help="URI of the source, for the record")
    add(Flag.SOURCE_FINGERPRINT, default="", help="fingerprint of the source, for the record")
    add(Flag.IMAGES_URI, default="", help="S3 URI of the images, for conversion.manifest")
    add(Flag.LABELS_URI, default="", help="S3 URI of the labels, by which labels may name photos")
    add(
        Flag.NEW_CLASSES,
        choices=NEW_CLASSES,
        default="refuse",
        help="whether labels may create classes",
    )
    return parser
