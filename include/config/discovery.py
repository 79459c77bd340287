"""Which pipelines there are: one YAML file each, in the project and in the user's folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from include.config.errors import PipelineError
from include.config.load import load_pipeline
from include.config.pipeline import Pipeline

FOLDERS_VARIABLE = "IMAGE_PIPELINES_PATH"
"""Further folders with pipelines' YAML files, separated like PATH."""

OWN_FOLDER = Path(__file__).resolve().parent.parent / "pipelines"


def pipeline_folders() -> list[Path]:
    """Return the folders that are searched, the project's own first."""
    further = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return [OWN_FOLDER, *(Path(folder) for folder in further if folder)]


def pipeline_files() -> dict[str, Path]:
    """Return each pipeline's file by its name; where a name occurs twice, the first folder's."""
    files: dict[str, Path] = {}
    for file in _yaml_files():
        files.setdefault(file.stem, file)
    return files


def find_pipeline(name: str, deployment: str | None = None) -> Pipeline:
    """Load one pipeline by name, with a deployment's overrides.

    Raises:
        PipelineError: There is none of this name, or its file is wrong.
    """
    files = pipeline_files()
    if name not in files:
        folders = ", ".join(map(str, pipeline_folders()))
        known = ", ".join(sorted(files)) or "none"
        raise PipelineError(f"no pipeline {name}: {folders} have {known}")
    return load_pipeline(files[name], deployment)


def usable_pipelines() -> list[Pipeline]:
    """Load every pipeline whose file is right, by name; the others are in `mistakes()`."""
    return [pipeline for pipeline in map(_load, pipeline_files().values()) if pipeline]


def mistakes() -> list[str]:
    """Return what is wrong with pipelines' files, one line a mistake; empty when all is well."""
    files = pipeline_files()
    found = []
    for file in files.values():
        try:
            load_pipeline(file)
        except PipelineError as error:
            found += str(error).splitlines()
    for file in _yaml_files():
        if files[file.stem] != file:
            found.append(f"{file}: the name {file.stem} is taken by {files[file.stem]}: rename it")
    return found


def _load(file: Path) -> Pipeline | None:
    try:
        return load_pipeline(file)
    except PipelineError:
        return None


def _yaml_files() -> Iterator[Path]:
    for folder in pipeline_folders():
        yield from sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
