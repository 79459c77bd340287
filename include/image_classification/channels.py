"""Input channels and configuration files of a SageMaker training job."""

import json
from pathlib import Path
from typing import Any

from include.contracts.content_types import IMAGE_TYPE, IMAGE_TYPES, RECORD_TYPE
from include.image_classification.container import CommandError, base_dir
from include.image_classification.recordio.labels import LABEL_FORMATS, LabelFormat

FILES, PIPE = ("File", "FastFile"), "Pipe"


def read_configuration(name: str) -> dict[str, Any]:
    """Return input/config/<name>.json, or an empty mapping if there is no such file."""
    path = base_dir() / "input" / "config" / f"{name}.json"
    if not path.exists():
        return {}
    try:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CommandError(f"{path} is not valid JSON: {error}") from None
    return loaded


def is_sharded(channel: str) -> bool:
    """Return whether each host of the job has different objects (ShardedByS3Key)."""
    return bool(_configuration(channel).get("S3DistributionType") == "ShardedByS3Key")


def channel_folder(channel: str) -> Path | None:
    """Return the folder of an optional channel, or None if the job does not have the channel."""
    folder = base_dir() / "input" / "data" / channel
    configured = channel in read_configuration("inputdataconfig")
    return folder if configured or folder.is_dir() else None


def folder(channel: str) -> Path:
    """Return the folder of a required channel.

    Raises:
        CommandError: The job does not have the channel.
    """
    found = channel_folder(channel)
    if found is None or not found.is_dir():
        raise CommandError(f"channel {channel} is missing: add it to InputDataConfig")
    return found


def input_mode(channel: str) -> str:
    """Return a channel's input mode: File, FastFile or Pipe.

    Raises:
        CommandError: The mode is unknown or not supported for the channel's content type.
    """
    mode: str = _configuration(channel).get("TrainingInputMode", "File")
    if mode not in (*FILES, PIPE):
        raise CommandError(
            f"channel {channel} is in {mode} mode: this image supports {', '.join(FILES)} and"
            f" {PIPE}"
        )
    if mode == PIPE and content_type(channel) == IMAGE_TYPE and not is_wrapped(channel):
        raise CommandError(
            f"channel {channel} is {IMAGE_TYPE} in {PIPE} mode: photos with a list need File mode,"
            " and an augmented manifest needs RecordWrapperType RecordIO"
        )
    return mode


def is_wrapped(channel: str) -> bool:
    """Return whether SageMaker makes the channel's records, as of an augmented manifest."""
    return bool(_configuration(channel).get("RecordWrapperType") == "RecordIO")


def label_format(channel: str) -> LabelFormat:
    """Return the parameter label-format of a channel's content type; the default is multi-hot.

    Raises:
        CommandError: The parameter has another value.
    """
    parameters = str(_configuration(channel).get("ContentType", "")).split(";")[1:]
    for name, _, value in (parameter.strip().partition("=") for parameter in parameters):
        if name.lower() == "label-format":
            for known in LABEL_FORMATS:
                if value.strip("'\"") == known:
                    return known
            raise CommandError(
                f"channel {channel} has label-format {value!r} in its content type: this image "
                f"supports {' and '.join(LABEL_FORMATS)}"
            )
    return "multi-hot"


def content_type(channel: str) -> str:
    """Return a channel's content type, RECORD_TYPE or IMAGE_TYPE.

    Without a ContentType, a channel that has a list channel (`<channel>_lst`) holds photos.

    Raises:
        CommandError: The channel has another content type.
    """
    listed = channel_folder(f"{channel}_lst") is not None
    configured = _configuration(channel).get("ContentType", IMAGE_TYPE if listed else RECORD_TYPE)
    kind = str(configured).partition(";")[0].strip()
    if kind in IMAGE_TYPES:
        return IMAGE_TYPE
    if kind != RECORD_TYPE:
        raise CommandError(
            f"channel {channel} is {kind}: this image supports {RECORD_TYPE}, and "
            f"{', '.join(IMAGE_TYPES[:-1])} or {IMAGE_TYPES[-1]} with a channel {channel}_lst"
        )
    return kind


def record_files(channel: str) -> list[Path]:
    """Return the .rec files of a channel, sorted by name.

    Raises:
        CommandError: The channel is missing or holds no .rec file.
    """
    found = sorted(folder(channel).rglob("*.rec"))
    if not found:
        raise CommandError(
            f"channel {channel} must hold one .rec file or more, but holds none: "
            "convert the dataset, or fix the channel's S3 URI"
        )
    return found


def _configuration(channel: str) -> dict[str, Any]:
    configuration: dict[str, Any] = read_configuration("inputdataconfig").get(channel, {})
    return configuration
