"""Turn the user's request into a run plan, or report what is wrong in one line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.config import Pipeline, PipelineError, load_pipeline, pipeline_files
from include.config.discovery import FOLDERS_VARIABLE
from include.local_run.errors import RunError, usage_error
from include.local_run.project_paths import ProjectPaths
from include.local_run.run_plan.derive import derive_pipeline, derived_name, made_for
from include.local_run.run_plan.incoming import IncomingPhotos, find_incoming
from include.local_run.run_plan.source_files import SourceFiles, inspect_folder

DEFAULT_PIPELINE = "stanford_cars"
DRAWN = SourceFiles(Path("drawn_cars"), "stanford_cars", ("car_devkit.tgz", "cars_train.tgz"), ())


@dataclass(frozen=True)
class RunRequest:
    """Options of the command that select the pipeline and the data.

    Attributes:
        pipeline: Name of a pipeline, or path of a YAML file.
        data: The user's folder of photos, or None for drawn cars.
        classes: A number of classes, or names or 1-based numbers separated by commas.
        seed: Seed of the drawn cars; 0 by default.
    """

    pipeline: str = DEFAULT_PIPELINE
    data: Path | None = None
    classes: str | None = None
    seed: int | None = None


@dataclass(frozen=True)
class RunPlan:
    """What a run uses.

    Attributes:
        pipeline: The pipeline, with the overrides of `local`.
        files: Files to upload as the source. Drawn cars do not exist yet.
        drawn: Whether the source is drawn from `seed`.
        seed: Seed of the drawn cars.
        incoming: The user's new photos, or None.
    """

    pipeline: Pipeline
    files: SourceFiles
    drawn: bool
    seed: int
    incoming: IncomingPhotos | None


def plan_run(request: RunRequest, paths: ProjectPaths) -> RunPlan:
    """Return the plan of a run; may write the YAML file of a derived pipeline.

    Raises:
        RunError: An option or the data is wrong; status 2.
    """
    os.environ[FOLDERS_VARIABLE] = str(paths.pipelines)  # the same value as Airflow's
    try:
        base = _find(request.pipeline)
        data = request.data and request.data.expanduser().resolve()
        data = data or _folder_of(base, paths)
        if data is None:
            return _plan_for_drawn_cars(request, base, paths)
        return _plan_for_user_data(request, data, base, paths)
    except PipelineError as error:
        raise usage_error(str(error).splitlines()[0]) from error


def _find(name: str) -> Path:
    known: Mapping[str, Path] = pipeline_files()
    if name in known:
        return known[name]
    if name.endswith((".yaml", ".yml")):
        file = Path(name).expanduser().resolve()
        if file.is_file():
            return file
        raise usage_error(
            f"PIPELINE={name} does not exist: give a YAML file or one of {_names(known)}"
        )
    raise usage_error(f"PIPELINE={name} is unknown: give one of {_names(known)}, or a YAML file")


def _folder_of(base: Path, paths: ProjectPaths) -> Path | None:
    """Return the user's folder for which a pipeline was derived by an earlier run."""
    folder = Path(made_for(base) or "") if base.parent == paths.pipelines else Path()
    return folder if folder.is_absolute() else None  # drawn cars have no folder of the user


def _names(known: Mapping[str, Path]) -> str:
    return ", ".join(sorted(known))


def _plan_for_drawn_cars(request: RunRequest, base: Path, paths: ProjectPaths) -> RunPlan:
    settings = load_pipeline(base)
    if settings.source.layout != DRAWN.layout:
        raise _data_needed(request.pipeline, settings)
    if request.classes or pipeline_files().get(base.stem) != base:
        origin = Path("drawn_cars" if request.classes else base.stem)
        base = derive_pipeline(
            base, derived_name(origin, paths.pipelines), paths.pipelines,
            SourceFiles(origin, DRAWN.layout, DRAWN.upload, ()), request.classes,
        )  # fmt: skip
    return RunPlan(load_pipeline(base, "local"), DRAWN, True, request.seed or 0, None)


def _data_needed(name: str, settings: Pipeline) -> RunError:
    classes = settings.source.classes
    examples = f" ({', '.join(classes)})" if isinstance(classes, list) else ""
    return usage_error(
        f"PIPELINE={name} needs photos, which the project does not contain: put a folder or zip "
        f"file for each class{examples} into a folder, and run "
        f"`make run PIPELINE={name} DATA=<folder>`"
    )


def _plan_for_user_data(
    request: RunRequest, folder: Path, base: Path, paths: ProjectPaths
) -> RunPlan:
    if request.seed is not None:
        raise usage_error("SEED is for drawn cars: leave it out with photos of your own")
    files = inspect_folder(folder, load_pipeline(base).source, request.classes)
    name = derived_name(folder, paths.pipelines)
    file = derive_pipeline(base, name, paths.pipelines, files, request.classes)
    return RunPlan(
        pipeline=load_pipeline(file, "local"),
        files=files,
        drawn=False,
        seed=0,
        incoming=find_incoming(folder),
    )
