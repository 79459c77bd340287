"""From wishes to a pipeline: names, derived settings, and clear refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from include.config.discovery import FOLDERS_VARIABLE
from include.local_run.errors import RunError
from include.local_run.project_paths import Places
from include.local_run.run_plan import Wishes, assign


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv(FOLDERS_VARIABLE, "")  # assign sets it; this restores it
    return Places(tmp_path / "project")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    folder = tmp_path / "My Pets (2)"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            (folder / name / f"{number}.jpg").write_bytes(b"x")
    return folder


def test_without_wishes_cars_are_drawn(places: Places) -> None:
    assignment = assign(Wishes(), places)
    assert assignment.drawn
    assert assignment.pipeline.name == "stanford_cars"
    assert assignment.pipeline.training.algorithm == "custom", "the local overrides hold"
    assert not places.pipelines.exists()


def test_own_data_gets_a_pipeline_of_its_own(places: Places, pets: Path) -> None:
    assignment = assign(Wishes(data=pets), places)
    assert assignment.pipeline.name == "my_my_pets_2"
    assert assignment.pipeline.source.layout == "class_folders"
    assert assignment.files.folder == pets
    assert assignment.incoming is None
    assert (places.pipelines / "my_my_pets_2.yaml").exists()


def test_own_photos_without_boxes_stay_whole(places: Places, pets: Path, tmp_path: Path) -> None:
    file = tmp_path / "crop.yaml"
    content = {
        "source": {"layout": "stanford_cars", "devkit": "car_devkit.tgz"},
        "dataset": {"boxes": "crop", "box_margin": 0.1, "min_side": 20},
        "local": {"dataset": {"boxes": "crop"}},
    }
    file.write_text(yaml.safe_dump(content))
    pipeline = assign(Wishes(pipeline=str(file), data=pets), places).pipeline
    assert (pipeline.dataset.boxes, pipeline.dataset.min_side) == ("whole", 20)
    assert pipeline.source.devkit is None


def test_few_photos_get_a_mini_batch_that_they_fill(places: Places, pets: Path) -> None:
    """Protects small data sets: training refuses fewer images than one mini batch."""
    assignment = assign(Wishes(data=pets), places)
    assert assignment.pipeline.training.hyperparameters.mini_batch_size == 4


def test_another_folder_of_the_same_name_gets_another_pipeline(
    places: Places, pets: Path, tmp_path: Path
) -> None:
    first = assign(Wishes(data=pets), places)
    other = tmp_path / "elsewhere" / pets.name
    other.parent.mkdir()
    pets.rename(other)
    second = assign(Wishes(data=other), places)
    assert first.pipeline.name != second.pipeline.name
    assert assign(Wishes(data=other), places).pipeline.name == second.pipeline.name


@pytest.mark.parametrize(("wanted", "kept"), [("2", 2), ("SUV, Van", ["SUV", "Van"])])
def test_classes_make_a_pipeline_of_their_own(
    places: Places, wanted: str, kept: int | list[str]
) -> None:
    assignment = assign(Wishes(classes=wanted), places)
    assert assignment.drawn
    assert assignment.pipeline.name == "my_drawn_cars"
    assert assignment.pipeline.source.classes == kept


def test_settings_of_another_pipeline_are_taken(places: Places, pets: Path) -> None:
    assignment = assign(Wishes(pipeline="merch", data=pets), places)
    assert assignment.pipeline.dataset.train_ratio == 0.7


def test_a_yaml_file_may_be_given(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "quick.yaml"
    content = {"source": {"layout": "stanford_cars", "uri": "s3://some-bucket/cars/"}}
    file.write_text(yaml.safe_dump(content))
    assignment = assign(Wishes(pipeline=str(file)), places)
    assert assignment.drawn
    assert assignment.pipeline.source.uri is None, "the drawn cars are not there"


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(pipeline="nothing"), "PIPELINE=nothing is unknown: choose one of merch"),
        (Wishes(pipeline="no/such.yaml"), "PIPELINE=no/such.yaml does not exist"),
        (Wishes(pipeline="merch"), r"PIPELINE=merch needs photos.*Muffin.*DATA=<folder>"),
        (Wishes(data=Path("/no/such/folder")), "DATA=/no/such/folder does not exist"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_fix(places: Places, wishes: Wishes, said: str) -> None:
    with pytest.raises(RunError, match=said) as error:
        assign(wishes, places)
    assert "\n" not in str(error.value)
    assert error.value.status == 2


def test_a_mistake_in_a_yaml_file_names_file_and_field(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("source: {layout: stanford_cars}\ndataset: {train_ratio: 7}\n")
    with pytest.raises(RunError, match=r"wrong\.yaml.*train_ratio"):
        assign(Wishes(pipeline=str(file)), places)
