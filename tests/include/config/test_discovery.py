"""Finding pipelines in the project's and the user's folders; an invalid file affects no other."""

from pathlib import Path

import pytest

from include.config import PipelineError, find_mistakes, find_pipeline, usable_pipelines

GOOD = "source: {layout: class_folders}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder that is searched."""
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    return tmp_path


def names() -> set[str]:
    return {pipeline.name for pipeline in usable_pipelines()}


def test_the_projects_pipelines_are_valid() -> None:
    assert find_mistakes() == []
    assert names() == {"stanford_cars", "merch"}


def test_merch_has_the_five_classes_and_settings_of_its_example() -> None:
    merch = find_pipeline("merch")
    assert merch.source.classes_argument == (
        "Berry_Donut,Glazed_Twist,Hot_Dog_1,Muffin,Peanut_Butter_Cookie"
    )
    hyperparameters = merch.training.hyperparameters.as_request()
    assert hyperparameters == {
        "num_layers": "18",
        "image_shape": "3,224,224",
        "mini_batch_size": "60",
        "epochs": "4",
        "learning_rate": "0.01",
        "use_pretrained_model": "1",
        "optimizer": "sgd",
        "top_k": "2",
    }


def test_a_users_folder_adds_pipelines(folder: Path) -> None:
    (folder / "flowers.yaml").write_text(GOOD)
    assert names() == {"stanford_cars", "merch", "flowers"}


def test_an_invalid_file_is_reported_and_affects_no_other(folder: Path) -> None:
    (folder / "broken.yaml").write_text("source: {layout: zip}")
    assert names() == {"stanford_cars", "merch"}
    (line,) = find_mistakes()
    assert line.startswith(f"{folder / 'broken.yaml'}: source.layout: 'zip' is not allowed")


def test_a_duplicate_name_is_reported(folder: Path) -> None:
    (folder / "merch.yaml").write_text(GOOD)
    (line,) = find_mistakes()
    assert "the name merch is taken by" in line
    assert find_pipeline("merch").source.classes is not None


def test_the_error_of_an_unknown_pipeline_lists_the_known_ones() -> None:
    with pytest.raises(PipelineError, match=r"no pipeline boats: .* have merch, stanford_cars"):
        find_pipeline("boats")
