"""Where SageMaker puts what a training job works on."""

import json
from pathlib import Path
from typing import Any

from include.image_classification.container import ProgramError, base_dir

RECORD_TYPE = "application/x-recordio"


def read_configuration(name: str) -> dict[str, Any]:
    """Return input/config/<name>.json, or an empty mapping if there is no such file."""
    path = base_dir() / "input" / "config" / f"{name}.json"
    if not path.exists():
        return {}
    try:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProgramError(f"{path} is no JSON: {error}") from None
    return loaded


def is_sharded(channel: str) -> bool:
    """Whether each host of the job was given objects of its own (ShardedByS3Key)."""
    said = read_configuration("inputdataconfig").get(channel, {})
    return bool(said.get("S3DistributionType") == "ShardedByS3Key")


def channel_folder(channel: str) -> Path | None:
    """Return the folder of a channel that a job may have, or None if it has no such channel."""
    folder = base_dir() / "input" / "data" / channel
    told = channel in read_configuration("inputdataconfig")
    return folder if told or folder.is_dir() else None


def record_files(channel: str) -> list[Path]:
    """Return the .rec files of a channel in the order of their names; all are trained on.

    Raises:
        ProgramError: the channel is missing, is not File mode RecordIO, or holds no .rec file.
    """
    said = read_configuration("inputdataconfig").get(channel, {})
    kind, mode = said.get("ContentType", RECORD_TYPE), said.get("TrainingInputMode", "File")
    if kind != RECORD_TYPE:
        raise ProgramError(f"channel {channel} is {kind}: this image takes {RECORD_TYPE}")
    if mode not in ("File", "FastFile"):
        raise ProgramError(f"channel {channel} is in {mode} mode: this image takes File mode")
    folder = base_dir() / "input" / "data" / channel
    found = sorted(folder.rglob("*.rec"))
    if not found:
        raise ProgramError(
            f"channel {channel} must hold one .rec file or more, but holds none: "
            "convert the data set, or mend the channel's S3 address"
        )
    return found
