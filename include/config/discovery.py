"""Find pipelines: one YAML file per pipeline, in the project's folder and in users' folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from include.config.errors import PipelineError
from include.config.load import load_pipeline
from include.config.pipeline import Pipeline

FOLDERS_VARIABLE = "IMAGE_PIPELINES_PATH"
"""Environment variable with more folders of pipelines' YAML files, separated like PATH."""

PROJECT_FOLDER = Path(__file__).resolve().parent.parent / "pipelines"


def pipeline_folders() -> list[Path]:
    """Return the folders that are searched, the project's folder first."""
    more = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return [PROJECT_FOLDER, *(Path(folder) for folder in more if folder)]


def pipeline_files() -> dict[str, Path]:
    """Return each pipeline's file by name; if several folders have a name, the first one counts."""
    files: dict[str, Path] = {}
    for file in _yaml_files():
        files.setdefault(file.stem, file)
    return files


def find_pipeline(name: str, deployment: str | None = None) -> Pipeline:
    """Load one pipeline by name, with a deployment's overrides.

    Raises:
        PipelineError: There is no pipeline of this name, or its file is invalid.
    """
    files = pipeline_files()
    if name not in files:
        folders = ", ".join(map(str, pipeline_folders()))
        known = ", ".join(sorted(files)) or "none"
        raise PipelineError(f"no pipeline {name}: {folders} have {known}")
    return load_pipeline(files[name], deployment)


def usable_pipelines() -> list[Pipeline]:
    """Load all pipelines with a valid file; `find_mistakes` describes the invalid files."""
    return [pipeline for pipeline in map(_load, pipeline_files().values()) if pipeline]


def find_mistakes() -> list[str]:
    """Return one line per mistake in pipelines' files; empty if all files are valid."""
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
