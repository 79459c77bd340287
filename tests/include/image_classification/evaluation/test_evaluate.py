"""The command evaluate: complete splits only, and the same scores in all files."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from include.contracts.dataset import Split
from include.contracts.records import ClassScores, EvaluationReport
from include.image_classification.container import CommandError
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    image_key,
    write_json,
    write_version,
)
from include.image_classification.evaluation import predictions
from include.image_classification.evaluation.evaluate import main, write_results
from include.image_classification.evaluation.metrics import Tally

CLASSES = ["Audi", "<b>BMW</b>", "Fiat"]
ANSWERS = {0: [0.7, 0.2, 0.1], 1: [0.6, 0.3, 0.1], 2: [0.0, 0.1, 0.9], 3: [0.1, 0.8, 0.1]}
LABELS = [0, 1, 2, 1]


def image(number: int, split: Split) -> Image:
    sha256 = f"{number:064x}"
    label = LABELS[number % 4]
    return Image(f"{number}.jpg", sha256, 1, 9, 9, label, split, image_key(sha256, "jpg"))


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a job's folder with four test images, two others, and predictions of the four."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    images = [image(number, "test") for number in range(4)]
    version = Version([*images, image(4, "train"), image(5, "train")], CLASSES)
    folder = tmp_path / "processing" / "input" / "version"
    write_version(folder, version, [], [])
    write_json(folder / "dataset.json", {"version": version.name})
    for number, predicted in enumerate(images):
        path = prediction(tmp_path, predicted)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"prediction": ANSWERS[number]}))
    return tmp_path


def prediction(base: Path, predicted: Image) -> Path:
    return base / "processing" / "input" / "predictions" / f"{predicted.key}.out"


def result(base: Path, name: str) -> Path:
    return base / "processing" / "output" / "result" / name


def test_the_scores_match_a_manual_calculation(base: Path) -> None:
    main(["--split", "test"])
    found = json.loads(result(base, "evaluation.json").read_text())
    assert (found["stage"], found["split"], found["images"]) == ("evaluate", "test", 4)
    assert (found["top1"], found["top5"]) == (0.75, 1)
    assert found["per_class"] == [
        {"label": 0, "name": "Audi", "images": 1, "top1": 1},
        {"label": 1, "name": "<b>BMW</b>", "images": 2, "top1": 0.5},
        {"label": 2, "name": "Fiat", "images": 1, "top1": 1},
    ]
    with result(base, "confusion.csv").open(newline="") as file:
        confusion = {
            (row["name"], row["predicted_name"]): row["images"] for row in csv.DictReader(file)
        }
    assert confusion == {
        ("Audi", "Audi"): "1",
        ("<b>BMW</b>", "Audi"): "1",
        ("<b>BMW</b>", "<b>BMW</b>"): "1",
        ("Fiat", "Fiat"): "1",
    }
    with result(base, "per_class.csv").open(newline="") as file:
        assert [row["top1"] for row in csv.DictReader(file)] == ["1.0", "0.5", "1.0"]
    with result(base, "photos.csv").open(newline="") as file:
        photos = list(csv.DictReader(file))
    wrong = next(row for row in photos if row["name"] != row["label"])
    assert wrong == {
        "key": image(1, "test").key, "name": "<b>BMW</b>", "label": "Audi",
        "probability": "0.600000", "label_2": "<b>BMW</b>", "probability_2": "0.300000",
        "label_3": "Fiat", "probability_3": "0.100000",
    }  # fmt: skip


@pytest.mark.parametrize("precision", ["int8", "float32", None])
def test_report_and_page_name_the_precision(base: Path, precision: str | None) -> None:
    main(["--serving-precision", precision] if precision else [])
    found = json.loads(result(base, "evaluation.json").read_text())
    assert found["serving_precision"] == precision
    page = result(base, "evaluation.html").read_text()
    assert (f"served in {precision}" in page) == (precision is not None)


def test_report_and_page_have_the_calibration_error_without_the_temperature(base: Path) -> None:
    main(["--temperature", "2"])
    found = json.loads(result(base, "evaluation.json").read_text())
    # Confidences with temperature 0.7, 0.6, 0.9, 0.8; the second prediction is wrong.
    assert found["calibration_error"] == pytest.approx((0.3 + 0.6 + 0.1 + 0.2) / 4)
    squares = [[value**2 for value in ANSWERS[number]] for number in range(4)]
    first, second, third, fourth = (max(row) / sum(row) for row in squares)
    expected = (1 - first + second + 1 - third + 1 - fourth) / 4
    assert found["calibration_error_unscaled"] == pytest.approx(expected)
    assert found["temperature"] == 2
    page = result(base, "evaluation.html").read_text()
    assert f"{100 * expected:.1f}\N{NO-BREAK SPACE}% without temperature 2<" in page


@pytest.mark.parametrize("flags", [[], ["--temperature", "1"]])
def test_the_page_mentions_no_temperature_that_changes_nothing(
    base: Path, flags: list[str]
) -> None:
    main(flags)
    found = json.loads(result(base, "evaluation.json").read_text())
    error = pytest.approx(found["calibration_error"]) if flags else None
    assert found["calibration_error_unscaled"] == error
    assert "temperature" not in result(base, "evaluation.html").read_text()


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "warm"])
def test_a_temperature_must_be_above_0(base: Path, text: str) -> None:
    with pytest.raises(CommandError, match="--temperature"):
        main([f"--temperature={text}"])


def test_each_prediction_is_written_with_the_true_class(base: Path) -> None:
    main([])
    with result(base, "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["key"] for row in rows] == [image(number, "test").key for number in range(4)]
    assert [tuple(row.values())[1:] for row in rows] == [
        ("Audi", "Audi", "0.700000"),
        ("<b>BMW</b>", "Audi", "0.600000"),
        ("Fiat", "Fiat", "0.900000"),
        ("<b>BMW</b>", "<b>BMW</b>", "0.800000"),
    ]


def test_the_page_escapes_class_names(base: Path) -> None:
    main([])
    page = result(base, "evaluation.html").read_text()
    assert "<b>BMW" not in page
    assert "&lt;b&gt;BMW&lt;/b&gt;" in page
    assert "75.0\N{NO-BREAK SPACE}%" in page


def test_missing_predictions_are_counted_and_the_first_are_named(base: Path) -> None:
    for number in range(4):
        prediction(base, image(number, "test")).unlink()
    named = ", ".join(image(number, "test").key for number in range(3))
    with pytest.raises(
        CommandError, match=rf"4 of 4 images have no prediction \({named}, \.\.\.\)"
    ):
        main([])


def test_predictions_of_other_images_are_ignored(base: Path) -> None:
    path = prediction(base, image(4, "train"))
    path.write_text(json.dumps({"prediction": [0, 1, 0]}))
    main([])
    assert json.loads(result(base, "evaluation.json").read_text())["images"] == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged"),
        ('{"error": "is cut off"}', "could not read the photo: is cut off"),
        ('{"error": 1}', "is damaged"),
        ("[0.5, 0.5]", "has 2 probabilities, but there are 3 classes"),
        ("[NaN, 0.5, 0.5]", "NaN or infinite numbers"),
    ],
)
def test_a_damaged_prediction_is_named(base: Path, content: str, message: str) -> None:
    damaged = prediction(base, image(2, "test"))
    damaged.write_text(content)
    with pytest.raises(CommandError, match=message) as raised:
        main([])
    assert image(2, "test").key in str(raised.value)


def test_a_plain_list_of_probabilities_is_accepted(base: Path) -> None:
    prediction(base, image(1, "test")).write_text("[0.1, 0.8, 0.1]")
    main([])
    assert json.loads(result(base, "evaluation.json").read_text())["top1"] == 1


def test_an_empty_split_is_an_error(base: Path) -> None:
    with pytest.raises(CommandError, match="has no images in split validation"):
        main(["--split", "validation"])


def test_images_are_scored_in_blocks(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("top1", "top5", "calibration_error", "calibration_error_unscaled")

    def scores() -> list[float]:
        main(["--temperature", "2"])
        found = json.loads(result(base, "evaluation.json").read_text())
        return [found[name] for name in names]

    together, answers = scores(), result(base, "answers.csv").read_bytes()
    monkeypatch.setattr(predictions, "BLOCK_IMAGES", 1)
    assert scores() == pytest.approx(together, abs=1e-12)
    assert result(base, "answers.csv").read_bytes() == answers


def test_a_failed_evaluation_writes_no_answers(base: Path) -> None:
    prediction(base, image(3, "test")).unlink()
    with pytest.raises(CommandError, match="1 of 4 images have no prediction"):
        main([])
    assert not any(result(base, "").iterdir())


def test_the_page_shows_a_bounded_number_of_classes_and_confusions(tmp_path: Path) -> None:
    names = [f"class {number}" for number in range(250)]
    labels = np.arange(250)
    tally = Tally(250)
    tally.add(np.eye(250)[np.roll(labels, 1)], labels)  # all wrong, in 250 pairs
    report = EvaluationReport(
        dataset_version="v1",
        per_class=[ClassScores(name=name, images=1, top1=0) for name in names],
        images=250, top1=0, top5=0, calibration_error=1, split="test", created="now",
    )  # fmt: skip
    write_results(tmp_path, names, tally.scores(), report)
    page = (tmp_path / "evaluation.html").read_text()
    assert "200 of 250 classes shown, the least accurate; per_class.csv lists all" in page
    assert "20 of 250 pairs shown; confusion.csv lists all" in page
    assert page.count('class="name"') == 200
    assert len((tmp_path / "confusion.csv").read_text().splitlines()) == 251
