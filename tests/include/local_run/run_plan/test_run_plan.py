"""Run plans: pipeline names, derived settings, and errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from include.config.discovery import FOLDERS_VARIABLE
from include.local_run.errors import RunError
from include.local_run.project_paths import ProjectPaths
from include.local_run.run_plan import RunRequest, plan_run


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectPaths:
    monkeypatch.setenv(FOLDERS_VARIABLE, "")  # plan_run sets the variable; monkeypatch restores it
    return ProjectPaths(tmp_path / "project")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    folder = tmp_path / "My Pets (2)"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            (folder / name / f"{number}.jpg").write_bytes(b"x")
    return folder


def test_cars_are_drawn_by_default(paths: ProjectPaths) -> None:
    plan = plan_run(RunRequest(), paths)
    assert plan.drawn
    assert plan.pipeline.name == "stanford_cars"
    assert plan.pipeline.training.algorithm == "custom", "the overrides of `local` apply"
    assert not paths.pipelines.exists()


def test_a_pipeline_is_derived_for_the_users_data(paths: ProjectPaths, pets: Path) -> None:
    plan = plan_run(RunRequest(data=pets), paths)
    assert plan.pipeline.name == "my_my_pets_2"
    assert plan.pipeline.source.layout == "class_folders"
    assert plan.files.folder == pets
    assert plan.incoming is None
    assert (paths.pipelines / "my_my_pets_2.yaml").exists()


def test_photos_without_bounding_boxes_are_not_cropped(
    paths: ProjectPaths, pets: Path, tmp_path: Path
) -> None:
    file = tmp_path / "crop.yaml"
    content = {
        "source": {"layout": "stanford_cars", "devkit": "car_devkit.tgz"},
        "dataset": {"boxes": "crop", "box_margin": 0.1, "min_side": 20},
        "local": {"dataset": {"boxes": "crop"}},
    }
    file.write_text(yaml.safe_dump(content))
    pipeline = plan_run(RunRequest(pipeline=str(file), data=pets), paths).pipeline
    assert (pipeline.dataset.boxes, pipeline.dataset.min_side) == ("whole", 20)
    assert pipeline.source.devkit is None


def test_the_mini_batch_size_is_reduced_for_few_photos(paths: ProjectPaths, pets: Path) -> None:
    """Protects small data sets: training fails with fewer images than one mini batch."""
    plan = plan_run(RunRequest(data=pets), paths)
    assert plan.pipeline.training.hyperparameters.mini_batch_size == 4


def test_another_folder_of_the_same_name_gets_another_pipeline(
    paths: ProjectPaths, pets: Path, tmp_path: Path
) -> None:
    first = plan_run(RunRequest(data=pets), paths)
    other = tmp_path / "elsewhere" / pets.name
    other.parent.mkdir()
    pets.rename(other)
    second = plan_run(RunRequest(data=other), paths)
    assert first.pipeline.name != second.pipeline.name
    assert plan_run(RunRequest(data=other), paths).pipeline.name == second.pipeline.name


def test_a_folder_whose_path_begins_with_that_of_another_gets_another_pipeline(
    paths: ProjectPaths, tmp_path: Path, pets: Path
) -> None:
    """Names without letters of the alphabet have the same pipeline name."""
    outer, inner = tmp_path / "写真", tmp_path / "写真" / "花"
    outer.mkdir()
    pets.rename(inner)
    first = plan_run(RunRequest(data=inner), paths)
    second = plan_run(RunRequest(data=outer), paths)
    assert (first.pipeline.name, first.files.folder) == ("my_data", inner)
    assert second.pipeline.name.startswith("my_data_")
    assert plan_run(RunRequest(data=inner), paths).pipeline.name == "my_data"


def test_a_derived_pipeline_uses_the_photos_that_it_was_made_for(
    paths: ProjectPaths, pets: Path
) -> None:
    """With drawn cars instead, the run would delete the user's photos in S3."""
    plan_run(RunRequest(data=pets), paths)
    plan = plan_run(RunRequest(pipeline="my_my_pets_2"), paths)
    assert (plan.drawn, plan.files.folder) == (False, pets)
    assert plan.pipeline.name == "my_my_pets_2"


def test_a_seed_is_for_drawn_cars(paths: ProjectPaths, pets: Path) -> None:
    with pytest.raises(RunError, match="SEED is for drawn cars: leave it out"):
        plan_run(RunRequest(data=pets, seed=3), paths)


def test_a_single_class_is_refused_before_anything_starts(paths: ProjectPaths, pets: Path) -> None:
    (pets / "dog").rename(pets.parent / "dog")
    with pytest.raises(RunError, match="at least two classes, but only 'cat' is in the source"):
        plan_run(RunRequest(data=pets), paths)


@pytest.mark.parametrize(("option", "classes"), [("2", 2), ("SUV, Van", ["SUV", "Van"])])
def test_a_pipeline_is_derived_for_a_subset_of_the_classes(
    paths: ProjectPaths, option: str, classes: int | list[str]
) -> None:
    plan = plan_run(RunRequest(classes=option), paths)
    assert plan.drawn
    assert plan.pipeline.name == "my_drawn_cars"
    assert plan.pipeline.source.classes == classes


def test_settings_of_the_given_pipeline_are_copied(paths: ProjectPaths, pets: Path) -> None:
    plan = plan_run(RunRequest(pipeline="merch", data=pets), paths)
    assert plan.pipeline.dataset.train_ratio == 0.7


def test_the_pipeline_may_be_a_yaml_file(paths: ProjectPaths, tmp_path: Path) -> None:
    file = tmp_path / "quick.yaml"
    content = {"source": {"layout": "stanford_cars", "uri": "s3://some-bucket/cars/"}}
    file.write_text(yaml.safe_dump(content))
    plan = plan_run(RunRequest(pipeline=str(file)), paths)
    assert plan.drawn
    assert plan.pipeline.source.uri is None, "drawn cars are not uploaded to that bucket"


@pytest.mark.parametrize(
    ("run_request", "message"),
    [
        (RunRequest(pipeline="nothing"), "PIPELINE=nothing is unknown: give one of merch"),
        (RunRequest(pipeline="no/such.yaml"), "PIPELINE=no/such.yaml does not exist"),
        (RunRequest(pipeline="merch"), r"PIPELINE=merch needs photos.*Muffin.*DATA=<folder>"),
        (RunRequest(data=Path("/no/such/folder")), "DATA=/no/such/folder does not exist"),
    ],
)
def test_a_usage_error_is_one_line(
    paths: ProjectPaths, run_request: RunRequest, message: str
) -> None:
    with pytest.raises(RunError, match=message) as error:
        plan_run(run_request, paths)
    assert "\n" not in str(error.value)
    assert error.value.status == 2


def test_an_error_in_a_yaml_file_names_file_and_field(paths: ProjectPaths, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("source: {layout: stanford_cars}\ndataset: {train_ratio: 7}\n")
    with pytest.raises(RunError, match=r"wrong\.yaml.*train_ratio"):
        plan_run(RunRequest(pipeline=str(file)), paths)
