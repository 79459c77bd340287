"""Derive a pipeline for the user's data: settings of another pipeline under a new name."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import Any

from include.config import load_pipeline
from include.config.yaml_file import dump_yaml, parse_yaml
from include.contracts.commands import BOXED_LAYOUTS, LABEL_FILE_LAYOUTS
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.layouts import PARQUET
from include.image_classification.dataset.parquet.archived import copy_parquet_files
from include.image_classification.dataset.parquet.shards import open_shard
from include.image_classification.dataset.source.classes import class_parts
from include.image_classification.dataset.source.file_kinds import is_photo_name
from include.local_run.run_plan.source_files import SourceFiles

MAX_NAME_LENGTH = 40
_ORIGIN = "# Made for DATA="
"""The first line of a derived pipeline's file begins so."""


def derived_name(folder: Path, pipelines: Path) -> str:
    """Return `my_<folder's name>`, with a hash if another folder of the same name has taken it."""
    slug = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")
    name = f"my_{slug or 'data'}"[:MAX_NAME_LENGTH].rstrip("_")
    file = pipelines / f"{name}.yaml"
    if file.exists() and made_for(file) != str(folder):
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:4]
        name = f"{name[: MAX_NAME_LENGTH - 5].rstrip('_')}_{digest}"
    return name


def derive_pipeline(
    base: Path, name: str, pipelines: Path, files: SourceFiles, classes: str | None
) -> Path:
    """Write the derived pipeline's YAML file and return its path.

    Args:
        base: YAML file of the pipeline to derive from.
        name: Name of the new pipeline.
        pipelines: Folder of the new file.
        files: The data, which determines the layout and the mini batch size.
        classes: The number of classes, or names or 1-based numbers separated by commas; None
            keeps those of `base`.
    """
    content: dict[str, Any] = parse_yaml(base.read_text(encoding="utf-8"))
    source = dict(content.get("source") or {})
    if source.get("layout") not in (files.layout, "auto", None):
        for setting in ("classes", "devkit"):
            source.pop(setting, None)  # these settings describe another data set
    for setting in _settings_of_others(files.layout):
        source.pop(setting, None)
    if files.layout not in BOXED_LAYOUTS:
        _remove_boxes(content)
    for setting in ("uri", "urls", "complete_marker"):
        source.pop(setting, None)
    source["layout"] = files.layout
    if files.held_out:
        _keep_own_split(content)
    if classes:
        source["classes"] = _classes(classes)
    content["source"] = source
    content["description"] = f"the photos in {files.folder.name}"
    _fit_batch(content, base, files)
    pipelines.mkdir(parents=True, exist_ok=True)
    file = pipelines / f"{name}.yaml"
    file.write_text(
        f"{_ORIGIN}{files.folder}\n# Copied from {base.name}. `make run` overwrites this file.\n"
        + dump_yaml(content),
        encoding="utf-8",
    )
    load_pipeline(file)
    return file


def _settings_of_others(layout: str) -> list[str]:
    """Return the settings of a source that this layout does not have."""
    devkit = [] if layout == "stanford_cars" else ["devkit"]
    return devkit if layout in LABEL_FILE_LAYOUTS else [*devkit, "label_files", "columns"]


def _remove_boxes(content: dict[str, Any]) -> None:
    """Remove the cropping settings, because the layout has no bounding boxes."""
    for part in (content, *(value for value in content.values() if isinstance(value, dict))):
        for setting in ("boxes", "box_margin"):
            (part.get("dataset") or {}).pop(setting, None)


def _keep_own_split(content: dict[str, Any]) -> None:
    """Let the photos that the source holds out keep their split, so that none of them trains."""
    content["dataset"] = {**(content.get("dataset") or {}), "split": "source"}
    local = content.get("local") or {}
    (local.get("dataset") or {}).pop("split", None)


def made_for(file: Path) -> str | None:
    """Return the folder for which a pipeline's YAML file was derived; None if it was written."""
    first, *_ = file.read_text(encoding="utf-8").splitlines() or [""]
    return first.removeprefix(_ORIGIN) if first.startswith(_ORIGIN) else None


def _classes(option: str) -> int | list[str]:
    if option.strip().isdecimal():
        return int(option)
    return class_parts(option)


def _fit_batch(content: dict[str, Any], base: Path, files: SourceFiles) -> None:
    """Reduce the mini batch size if the data would not fill one, because training would fail."""
    photos = count_photos(files)
    settings = load_pipeline(base, "local")
    default = settings.training.hyperparameters.mini_batch_size
    if photos is None or photos * settings.dataset.train_ratio >= default:
        return
    size = 1
    while size * 4 <= photos * settings.dataset.train_ratio:
        size *= 2
    content["local"] = local = content.get("local") or {}
    training = local.setdefault("training", {})
    training.setdefault("hyperparameters", {})["mini_batch_size"] = size


def count_photos(files: SourceFiles) -> int | None:
    """Return the number of photos in the files, or None if counting would require unpacking."""
    count = 0
    for name in files.upload:
        if is_photo_name(name):
            count += 1
        elif rows := _archived_rows(files, name):
            count += rows
        elif name.lower().endswith(".zip"):
            try:
                with zipfile.ZipFile(files.folder / name) as archive:
                    count += sum(is_photo_name(member) for member in archive.namelist())
            except (zipfile.BadZipFile, OSError):
                return None  # the dataset refresh reports the error
        elif name.lower().endswith(".parquet"):
            count += open_shard(files.folder / name, name).rows
        elif files.layout != "stanford_cars" and archive_stem(Path(name)) is not None:
            return None
    return count or None


def _archived_rows(files: SourceFiles, name: str) -> int:
    """Return the number of rows of the Parquet files in an archive, for that layout."""
    if files.layout != PARQUET or archive_stem(Path(name)) is None:
        return 0
    return sum(
        open_shard(file, name).rows for file in copy_parquet_files(files.folder / name).files
    )
