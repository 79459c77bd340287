"""The container's commands: their names, flags and choices, and a processing job's folders.

The DAG side writes them into a job's ContainerArguments, ProcessingInputs and
ProcessingOutputConfig; the container's argument parsers read the same names.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

PROCESSING_FOLDER = "/opt/ml/processing"
"""The folder of a processing job's inputs (input/<name>) and outputs (output/<name>)."""


class Command(StrEnum):
    """The first of a container's arguments."""

    FETCH = "fetch"
    REFRESH = "refresh"
    IM2REC = "im2rec"
    TRAIN = "train"
    SERVE = "serve"
    EVALUATE = "evaluate"
    SELECT = "select"
    REPORT = "report"
    WEIGHTS = "weights"


class FetchFlag(StrEnum):
    """Flags of `fetch`."""

    SOURCE = "--source"
    DRAFTS = "--drafts"


class RefreshFlag(StrEnum):
    """Flags of `refresh`."""

    LAYOUT = "--layout"
    CLASSES = "--classes"
    SPLIT = "--split"
    DEVKIT = "--devkit"
    LABEL_FILES = "--label-files"
    COLUMNS = "--columns"
    TRAIN_RATIO = "--train-ratio"
    VALIDATION_RATIO = "--validation-ratio"
    MIN_SIDE = "--min-side"
    MAX_PIXELS = "--max-pixels"
    QUARANTINE_LIMIT = "--quarantine-limit"
    BOXES = "--boxes"
    BOX_MARGIN = "--box-margin"
    STORE = "--store"
    SOURCE_URI = "--source-uri"
    SOURCE_FINGERPRINT = "--source-fingerprint"
    IMAGES_URI = "--images-uri"
    LABELS_URI = "--labels-uri"
    NEW_CLASSES = "--new-classes"


class Im2recFlag(StrEnum):
    """Flags of `im2rec` in a processing job; by hand it takes those of MXNet's im2rec.py, too."""

    RESIZE = "--resize"
    FIT = "--fit"
    QUALITY = "--quality"
    RECORDIO_VERSION = "--recordio-version"


class EvaluateFlag(StrEnum):
    """Flags of `evaluate`."""

    SPLIT = "--split"
    SERVING_PRECISION = "--serving-precision"
    TEMPERATURE = "--temperature"


class SelectFlag(StrEnum):
    """Flags of `select`."""

    INCOMING = "--incoming"
    BATCHES = "--batches"
    RUN_TIME = "--run-time"
    MAX_IMAGES = "--max-images"
    MAX_BYTES = "--max-bytes"
    IMAGES = "--images"
    SCREENING = "--screening"


class ReportFlag(StrEnum):
    """Flags of `report`."""

    BATCH = "--batch"
    UNCERTAIN_BELOW = "--uncertain-below"


class WeightsFlag(StrEnum):
    """Flags of `weights`, which is for users and no job."""

    NETWORKS = "--networks"
    FOLDER = "--folder"


class Input(StrEnum):
    """Names of processing inputs: each is a folder below input/ in the container."""

    REQUEST = "request"
    SOURCE = "source"
    PREVIOUS = "previous"
    LEDGER = "ledger"
    LABELS = "labels"
    LABEL_PLAN = "label_plan"
    LABELLED = "labelled"
    VERSION = "version"
    IMAGES = "images"
    PREDICTIONS = "predictions"
    TRUTH = "truth"
    PLAN = "plan"
    EVALUATION = "evaluation"


class Output(StrEnum):
    """Names of processing outputs: each is a folder below output/ in the container."""

    IMAGES = "images"
    QUARANTINE = "quarantine"
    VERSIONS = "versions"
    LEDGER = "ledger"
    RESULT = "result"
    TRAIN = "train"
    VALIDATION = "validation"
    INDEX = "index"
    BATCHES = "batches"


SourceLayout = Literal[
    "auto",
    "stanford_cars",
    "class_folders",
    "list",
    "csv",
    "json_lines",
    "path_label",
    "parquet",
    "split_json",
]
"""Layouts of raw data; `auto` detects one of the others."""

LABEL_FILE_LAYOUTS: tuple[SourceLayout, ...] = (
    "csv", "json_lines", "path_label", "parquet", "split_json",
)  # fmt: skip
"""Layouts whose label files and columns can be named."""

BOXED_LAYOUTS: tuple[SourceLayout, ...] = (
    "auto", "stanford_cars", "csv", "json_lines", "path_label", "parquet",
)  # fmt: skip
"""Layouts whose label files may have boxes."""

ColumnRole = Literal["file", "label", "split", "image", "x1", "y1", "x2", "y2"]
COLUMN_ROLES: tuple[ColumnRole, ...] = (
    "file", "label", "split", "image", "x1", "y1", "x2", "y2",
)  # fmt: skip
"""What a column of a label file or a Parquet file may hold."""

Splitting = Literal["ratio", "source"]
SPLITTINGS: tuple[Splitting, ...] = ("ratio", "source")
"""How a refresh splits: by ratio, or as the source does first."""

BoxUse = Literal["whole", "crop"]
BOX_USES: tuple[BoxUse, ...] = ("whole", "crop")
"""Whether an image is the whole photo, or the part in its box."""

Storing = Literal["new", "all"]
STORINGS: tuple[Storing, ...] = ("new", "all")
"""Which images a refresh stores: those that the previous version lacks, or all."""

NewClasses = Literal["refuse", "create"]
NEW_CLASSES: tuple[NewClasses, ...] = ("refuse", "create")
"""What a label does whose class the source does not have: nothing, or create the class."""

SelectedImages = Literal["new", "all"]
SELECTED_IMAGES: tuple[SelectedImages, ...] = ("new", "all")
"""Which incoming images a batch takes: those that no batch has processed, or also those that were
processed longest ago."""

Screening = Literal["decode", "names"]
SCREENINGS: tuple[Screening, ...] = ("decode", "names")
"""Whether `select` decodes each photo, because the model's image fails the whole batch for an
unreadable one, or checks only names and sizes."""

RecordFit = Literal["squash", "crop"]
"""How a pipeline's photos become square: squashed, or cropped to the central square."""
