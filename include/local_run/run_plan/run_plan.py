"""From what the user wishes to what a run does, or one clear line about what is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.config import Pipeline, PipelineError, load_pipeline, pipeline_files
from include.config.discovery import FOLDERS_VARIABLE
from include.local_run.errors import RunError, usage
from include.local_run.project_paths import Places
from include.local_run.run_plan.derive import derive_pipeline, derived_name
from include.local_run.run_plan.source_files import INCOMING, SourceFiles, look_at

DEFAULT_PIPELINE = "stanford_cars"
DRAWN = SourceFiles(Path("drawn_cars"), "stanford_cars", ("car_devkit.tgz", "cars_train.tgz"), ())


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; see `make` for the meaning.

    Attributes:
        pipeline: A pipeline's name, or the path of a YAML file.
        data: The user's own folder, or None for drawn cars.
        classes: A subset of the classes.
        seed: Of the drawn cars.
    """

    pipeline: str = DEFAULT_PIPELINE
    data: Path | None = None
    classes: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Assignment:
    """What a run does.

    Attributes:
        pipeline: The pipeline with the overrides for one machine.
        files: What to upload as the source; for drawn cars, what will have been drawn.
        drawn: Whether the source is drawn, by `seed`.
        seed: Of the drawn cars.
        incoming: The user's folder of new photos, if there is one.
    """

    pipeline: Pipeline
    files: SourceFiles
    drawn: bool
    seed: int
    incoming: Path | None


def assign(wishes: Wishes, places: Places) -> Assignment:
    """Decides what a run does; writes at most a derived pipeline's YAML.

    Raises:
        RunError: Something the user named is missing or wrong; status 2.
    """
    os.environ[FOLDERS_VARIABLE] = str(places.pipelines)  # as Airflow will see it
    try:
        base = _find(wishes.pipeline)
        if wishes.data is None:
            return _on_drawn_cars(wishes, base, places)
        return _on_own_data(wishes, wishes.data.expanduser().resolve(), base, places)
    except PipelineError as error:
        raise usage(str(error).splitlines()[0]) from error


def _find(name: str) -> Path:
    known: Mapping[str, Path] = pipeline_files()
    if name in known:
        return known[name]
    if name.endswith((".yaml", ".yml")):
        file = Path(name).expanduser().resolve()
        if file.is_file():
            return file
        raise usage(f"PIPELINE={name} does not exist: name a YAML file or one of {_names(known)}")
    raise usage(f"PIPELINE={name} is unknown: choose one of {_names(known)}, or a YAML file")


def _names(known: Mapping[str, Path]) -> str:
    return ", ".join(sorted(known))


def _on_drawn_cars(wishes: Wishes, base: Path, places: Places) -> Assignment:
    settings = load_pipeline(base)
    if settings.source.layout != DRAWN.layout:
        raise _data_needed(wishes.pipeline, settings)
    if wishes.classes or pipeline_files().get(base.stem) != base:
        origin = Path("drawn_cars" if wishes.classes else base.stem)
        base = derive_pipeline(
            base, derived_name(origin, places.pipelines), places.pipelines,
            SourceFiles(origin, DRAWN.layout, DRAWN.upload, ()), wishes.classes,
        )  # fmt: skip
    return Assignment(load_pipeline(base, "local"), DRAWN, True, wishes.seed, None)


def _data_needed(name: str, settings: Pipeline) -> RunError:
    classes = settings.source.classes
    such_as = f" ({', '.join(classes)})" if isinstance(classes, list) else ""
    return usage(
        f"PIPELINE={name} needs photos, which do not come with the project: put one folder or "
        f"zip a class{such_as} into a folder and run `make run PIPELINE={name} DATA=<folder>`"
    )


def _on_own_data(wishes: Wishes, folder: Path, base: Path, places: Places) -> Assignment:
    files = look_at(folder, load_pipeline(base).source.devkit)
    name = derived_name(folder, places.pipelines)
    file = derive_pipeline(base, name, places.pipelines, files, wishes.classes)
    incoming = folder / INCOMING
    return Assignment(
        pipeline=load_pipeline(file, "local"),
        files=files,
        drawn=False,
        seed=wishes.seed,
        incoming=incoming if incoming.is_dir() else None,
    )
