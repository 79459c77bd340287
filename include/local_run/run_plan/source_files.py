"""Detect the layout of the user's folder and select the files to upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.config.sections import Source
from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import is_archive_name
from include.image_classification.dataset.archives.system_names import is_system_path
from include.image_classification.dataset.detection import (
    AmbiguousLayoutError,
    Detection,
    detect_layout,
)
from include.image_classification.dataset.layouts import inspect_layout
from include.image_classification.dataset.source.inventory import describe_files
from include.image_classification.dataset.source.survey import Survey, is_photo_file, survey
from include.image_classification.dataset.tables.options import LabelOptions
from include.local_run.errors import usage_error
from include.local_run.run_plan.incoming import (
    INCOMING,
    INCOMING_LABELS,
    require_valid_names,
)


@dataclass(frozen=True)
class SourceFiles:
    """Files of a folder.

    Attributes:
        folder: The folder that the paths are relative to.
        layout: Layout as in the pipeline's YAML (`source.layout`).
        upload: Relative paths of the files that the dataset refresh reads.
        ignored_files: Relative paths of the other files; a folder that has only such files is
            listed once, with a slash at the end.
        reason: Why the folder has this layout.
        held_out: Whether the source assigns photos to the validation or test split.
        notes: What else was detected.
    """

    folder: Path
    layout: str
    upload: tuple[str, ...]
    ignored_files: tuple[str, ...]
    reason: str = ""
    held_out: bool = False
    notes: tuple[str, ...] = ()

    def explanation(self) -> list[str]:
        """Return what was detected, and why, one line each."""
        lines = [f"layout {self.layout}, because {self.reason}"] if self.reason else []
        lines += self.notes
        if self.held_out:
            lines.append("the photos that the source holds out keep their split (split: source)")
        return lines


def inspect_folder(
    folder: Path, settings: Source | None = None, classes: str | None = None
) -> SourceFiles:
    """Return the layout and files of the user's folder, by the detection of the dataset refresh.

    Args:
        folder: The folder.
        settings: The pipeline's settings of its source: its devkit, label files and columns; and
            its layout, where several are possible.
        classes: The selection of classes, if the user makes one.

    Raises:
        RunError: The folder is missing or empty, has no labels or an unknown layout.
    """
    files = _files(folder)
    found = survey(folder, without=frozenset({INCOMING, INCOMING_LABELS}))
    if not files:
        there = f"has no files: {describe_files(found)}" if found.links else "is empty"
        raise usage_error(f"DATA={folder} {there}: put photos into it, one folder for each class")
    settings = settings or Source()
    labels = LabelOptions(tuple(settings.label_files), settings.columns_by_role)
    try:
        detected = _detect(found, labels, settings.layout)
        if detected.layout == "class_folders":
            _require_labels(found)
        contents = inspect_layout(detected.layout, found, classes, settings.devkit, labels)
    except CommandError as error:
        raise usage_error(f"DATA={folder}: {error}") from error
    upload, others = _sort_files(found, files, contents.read)
    return SourceFiles(
        folder=folder,
        layout=detected.layout,
        upload=upload,
        ignored_files=others,
        reason=detected.reason,
        held_out=contents.held_out,
        notes=tuple(contents.notes),
    )


def _detect(found: Survey, labels: LabelOptions, configured: str) -> Detection:
    try:
        return detect_layout(found, labels)
    except AmbiguousLayoutError as error:
        for one in error.candidates:
            if one.layout == configured:
                return Detection(one.layout, f"the pipeline's YAML says so, and {one.reason}")
        raise


_FIX = (
    "put the photos of each class into a folder with the class's name, or add cars_train.tgz and"
    " car_devkit.tgz in Stanford's layout"
)


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise usage_error(f"DATA={folder} does not exist: give a folder with photos")
    if not folder.is_dir():
        raise usage_error(f"DATA={folder} is a file: put it into a folder and give the folder")
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    relative = {path: path.relative_to(folder) for path in found}
    files = [
        path
        for path, name in relative.items()
        if not is_system_path(name.as_posix()) and not _is_incoming(name)
    ]
    require_valid_names((relative[path].as_posix() for path in files), f"DATA={folder}")
    return files


def _is_incoming(path: Path) -> bool:
    return path.parts[0] == INCOMING or path.name == INCOMING_LABELS


def _require_labels(found: Survey) -> None:
    if found.archives:
        return
    if not found.photo_folders:
        raise usage_error(f"DATA={found.folder} has no photos: {describe_files(found)}; {_FIX}")
    if found.photo_folders == (found.folder,):
        raise usage_error(
            f"DATA={found.folder} has photos, but no labels: put the photos of each class into a "
            "folder with the class's name, or add Stanford's devkit"
        )


def _sort_files(
    found: Survey, files: Sequence[Path], read: Sequence[Path]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files that are read, of a folder its photos, and the names of the others."""
    folder, known = found.folder, set(read)
    wanted = {
        path
        for path in files
        if path in known or (not known.isdisjoint(path.parents) and _is_photo(path))
    }
    upload = sorted(path.relative_to(folder).as_posix() for path in wanted)
    used_folders = {name.split("/")[0] for name in upload}
    others = set()
    for path in set(files) - wanted:
        parts = path.relative_to(folder).parts
        whole_folder = len(parts) > 1 and parts[0] not in used_folders
        others.add(f"{parts[0]}/" if whole_folder else "/".join(parts))
    return tuple(upload), tuple(sorted(others))


def _is_photo(path: Path) -> bool:
    return not is_archive_name(path.name) and is_photo_file(str(path))
