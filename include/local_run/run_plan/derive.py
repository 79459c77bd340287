"""A pipeline of one's own for the user's data: another pipeline's settings under a new name."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import Any

from include.config import load_pipeline
from include.config.yaml_file import dump_yaml, parse_yaml
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.source.classes import class_parts
from include.image_classification.dataset.source.survey import is_photo_name
from include.local_run.run_plan.source_files import SourceFiles

LONGEST_NAME = 40


def derived_name(folder: Path, pipelines: Path) -> str:
    """`my_<folder's name>` as a slug; told apart from another folder of the same name."""
    slug = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")
    name = f"my_{slug or 'data'}"[:LONGEST_NAME].rstrip("_")
    file = pipelines / f"{name}.yaml"
    if file.exists() and _origin(folder) not in file.read_text(encoding="utf-8"):
        mark = hashlib.sha256(str(folder).encode()).hexdigest()[:4]
        name = f"{name[: LONGEST_NAME - 5].rstrip('_')}_{mark}"
    return name


def derive_pipeline(
    base: Path, name: str, pipelines: Path, files: SourceFiles, classes: str | None
) -> Path:
    """Writes the derived pipeline's YAML and returns it.

    Args:
        base: The YAML file whose settings are taken.
        name: The new pipeline's name.
        pipelines: Where the file goes.
        files: The data, which decides the layout and the largest useful batch.
        classes: A number, or names or 1-based numbers separated by commas; None keeps the base's.
    """
    content: dict[str, Any] = parse_yaml(base.read_text(encoding="utf-8"))
    source = dict(content.get("source") or {})
    if source.get("layout") != files.layout:
        for setting in ("classes", "devkit"):
            source.pop(setting, None)  # they are another data set's
    if files.layout != "stanford_cars":
        _forget_boxes(content)
    for elsewhere in ("uri", "urls", "complete_marker"):
        source.pop(elsewhere, None)
    source["layout"] = files.layout
    if classes:
        source["classes"] = _classes(classes)
    content["source"] = source
    content["description"] = f"the photos in {files.folder.name}"
    _fit_batch(content, base, files)
    pipelines.mkdir(parents=True, exist_ok=True)
    file = pipelines / f"{name}.yaml"
    file.write_text(
        f"{_origin(files.folder)}\n# The settings are {base.name}'s. `make run` writes this file.\n"
        + dump_yaml(content),
        encoding="utf-8",
    )
    load_pipeline(file)
    return file


def _forget_boxes(content: dict[str, Any]) -> None:
    """Leaves photos whole: only Stanford's devkit says where in a photo the thing is."""
    for part in (content, *(value for value in content.values() if isinstance(value, dict))):
        for setting in ("boxes", "box_margin"):
            (part.get("dataset") or {}).pop(setting, None)


def _origin(folder: Path) -> str:
    return f"# Made for DATA={folder}"


def _classes(wanted: str) -> int | list[str]:
    if wanted.strip().isdecimal():
        return int(wanted)
    return class_parts(wanted)


def _fit_batch(content: dict[str, Any], base: Path, files: SourceFiles) -> None:
    """Takes a smaller mini batch where the data would not fill one: training would refuse it."""
    photos = count_photos(files)
    settings = load_pipeline(base, "local")
    usual = settings.training.hyperparameters.mini_batch_size
    if photos is None or photos * settings.dataset.train_ratio >= usual:
        return
    fitting = 1
    while fitting * 4 <= photos * settings.dataset.train_ratio:
        fitting *= 2
    content["local"] = local = content.get("local") or {}
    training = local.setdefault("training", {})
    training.setdefault("hyperparameters", {})["mini_batch_size"] = fitting


def count_photos(files: SourceFiles) -> int | None:
    """How many photos the files hold, or None where counting means unpacking."""
    count = 0
    for name in files.upload:
        if is_photo_name(name):
            count += 1
        elif name.lower().endswith(".zip"):
            try:
                with zipfile.ZipFile(files.folder / name) as archive:
                    count += sum(is_photo_name(member) for member in archive.namelist())
            except (zipfile.BadZipFile, OSError):
                return None  # the refresh says what is wrong with it
        elif files.layout != "stanford_cars" and archive_stem(Path(name)) is not None:
            return None
    return count or None
