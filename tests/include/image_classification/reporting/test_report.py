"""Tables and gallery of a batch, including hostile names."""

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import cv2
import duckdb
import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.reporting import report
from include.image_classification.reporting.report import main

CLASSES = ["Audi", "BMW </script>", "Fiat"]
HOSTILE = "<img src=x onerror=alert(1)>&\"'.jpg"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a job's folder with two predicted photos."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    put(tmp_path, "version/classes.json", json.dumps(CLASSES))
    predict(tmp_path, "week/a.jpg", [0.1, 0.85, 0.05])
    predict(tmp_path, HOSTILE, [0.4, 0.3, 0.3])
    photo = cv2.imencode(".jpg", np.full((30, 50, 3), 90, np.uint8))[1].tobytes()
    for key in ("week/a.jpg", HOSTILE):
        path = tmp_path / "processing" / "input" / "images" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo)
    return tmp_path


def put(base: Path, name: str, text: str) -> None:
    path = base / "processing" / "input" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def predict(base: Path, key: str, probabilities: list[float]) -> None:
    answer(base, key, {"prediction": probabilities})


def answer(base: Path, key: str, content: object) -> None:
    """Add a planned photo with this answer of the server."""
    put(base, f"predictions/{key}.out", json.dumps(content))
    path = base / "processing" / "input" / "plan" / "plan.json"
    images = json.loads(path.read_bytes())["images"] if path.exists() else {}
    put(base, "plan/plan.json", json.dumps({"batch": "monday", "images": {**images, key: "1"}}))


def result(base: Path, name: str) -> str:
    return (base / "processing" / "output" / "result" / name).read_text()


class Elements(HTMLParser):
    """Collects a page's elements as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_table_has_one_row_a_file_with_the_best_classes(base: Path) -> None:
    main(["--batch", "monday"])
    rows = list(csv.DictReader(result(base, "predictions.csv").splitlines()))
    assert [row["file"] for row in rows] == [HOSTILE, "week/a.jpg"]
    assert rows[1] == {
        "file": "week/a.jpg",
        "label": "BMW </script>",
        "probability": "0.850000",
        "label_2": "Audi",
        "probability_2": "0.100000",
        "label_3": "Fiat",
        "probability_3": "0.050000",
    }


def test_names_are_not_formulas_in_a_spreadsheet(base: Path) -> None:
    """Names of photos are not trusted; probabilities stay numbers."""
    formula = "=1+cmd|A1.jpg"
    predict(base, formula, [0.1, 0.2, 0.7])
    put(base, "truth/labels.json", json.dumps({formula: "@SUM(A1)"}))
    main(["--batch", "monday", "--uncertain-below", "1"])
    for name in ("predictions.csv", "uncertain.csv"):
        rows = {row["file"]: row for row in csv.DictReader(result(base, name).splitlines())}
        assert rows[f"'{formula}"]["truth"] == "'@SUM(A1)"
        assert rows[f"'{formula}"]["probability"] == "0.700000"
        assert "week/a.jpg" in rows
    path = str(base / "processing" / "output" / "result" / "predictions.parquet")
    with duckdb.connect() as database:
        files = [row[0] for row in database.read_parquet(path).fetchall()]
    assert formula in files  # Parquet has the names unchanged


def test_parquet_has_the_same_rows_with_types(base: Path) -> None:
    put(base, "truth/labels.json", json.dumps({"week/a.jpg": "Fiat"}))
    main(["--batch", "monday"])
    path = str(base / "processing" / "output" / "result" / "predictions.parquet")
    with duckdb.connect() as database:
        found = database.read_parquet(path)
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        names, rows = found.columns, found.fetchall()
    header = csv.DictReader(result(base, "predictions.csv").splitlines()).fieldnames
    assert names == header
    assert types["probability_2"] == "DOUBLE"
    assert types["correct"] == "BOOLEAN"
    assert [row[0] for row in rows] == [HOSTILE, "week/a.jpg"]
    assert rows[0][-2:] == (None, None)
    assert rows[1] == (
        "week/a.jpg", "BMW </script>", 0.85, "Audi", 0.1, "Fiat", 0.05, "Fiat", False,
    )  # fmt: skip


def test_uncertain_images_are_listed_least_confident_first(base: Path) -> None:
    predict(base, "b.jpg", [0.34, 0.33, 0.33])
    main(["--batch", "monday"])
    rows = list(csv.DictReader(result(base, "uncertain.csv").splitlines()))
    assert [row["file"] for row in rows] == ["b.jpg", HOSTILE]
    assert json.loads(result(base, "report.json"))["uncertain"] == 2
    main(["--batch", "monday", "--uncertain-below", "0"])
    assert result(base, "uncertain.csv").splitlines()[1:] == []


def test_a_batch_is_compared_with_the_models_evaluation(base: Path) -> None:
    main(["--batch", "monday"])
    assert json.loads(result(base, "report.json"))["drift"] is None
    table = "key,name,predicted_name,confidence\nx.jpg,Audi,Fiat,0.9\ny.jpg,Audi,Audi,0.8\n"
    put(base, "evaluation/answers.csv", table)
    main(["--batch", "monday"])
    found = json.loads(result(base, "report.json"))["drift"]
    assert (found["images"], found["reference_images"]) == (2, 2)
    assert found["classes"]["distance"] == 0.5
    assert found["confidence"]["reference_mean"] == pytest.approx(0.85)


def test_the_summary_counts_classes(base: Path) -> None:
    main(["--batch", "monday"])
    summary = json.loads(result(base, "report.json"))
    assert (summary["stage"], summary["batch"], summary["images"]) == ("report", "monday", 2)
    assert summary["classes"] == {"Audi": 1, "BMW </script>": 1}


def test_the_gallery_shows_the_least_confident_first(base: Path) -> None:
    main(["--batch", "monday"])
    cards = Elements(result(base, "gallery.html")).all("article")
    assert [card["data-file"] for card in cards] == [HOSTILE, "week/a.jpg"]


def test_all_values_in_the_gallery_are_escaped(base: Path) -> None:
    main(["--batch", "<script>alert(1)</script>"])
    elements = Elements(result(base, "gallery.html"))
    assert len(elements.all("script")) == 1
    assert len(elements.all("img")) == 2
    for tag, attributes in elements.found:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)


def test_the_gallery_is_self_contained(base: Path) -> None:
    main(["--batch", "monday"])
    elements = Elements(result(base, "gallery.html"))
    assert all(str(img["src"]).startswith("data:image/jpeg;base64,") for img in elements.all("img"))
    assert not elements.all("link")
    assert not any("src" in script for script in elements.all("script"))


def test_the_true_class_is_shown_if_known(base: Path) -> None:
    put(base, "truth/labels.json", json.dumps({"week/a.jpg": "Fiat"}))
    main(["--batch", "monday"])
    rows = list(csv.DictReader(result(base, "predictions.csv").splitlines()))
    assert [(row["truth"], row["correct"]) for row in rows] == [("", ""), ("Fiat", "false")]
    cards = Elements(result(base, "gallery.html")).all("article")
    assert [card["data-wrong"] for card in cards] == ["", "1"]
    assert "True class: <b>Fiat</b>" in result(base, "gallery.html")


def test_a_missing_photo_leaves_an_empty_frame(base: Path) -> None:
    (base / "processing/input/images/week/a.jpg").unlink()
    main(["--batch", "monday"])
    page = result(base, "gallery.html")
    assert page.count("no picture") == 1
    assert len(Elements(page).all("article")) == 2


def test_a_batch_without_predictions_is_an_error(base: Path) -> None:
    for path in (base / "processing/input/predictions").rglob("*.out"):
        path.unlink()
    with pytest.raises(CommandError, match=r"holds no \.out files"):
        main(["--batch", "monday"])


def test_unreadable_photos_are_counted_with_the_servers_reason(base: Path) -> None:
    for key in ("cut.jpg", "<b>.jpg"):
        answer(base, key, {"error": "the image is cut off"})
    main(["--batch", "monday"])
    summary = json.loads(result(base, "report.json"))
    assert (summary["images"], summary["unreadable"]) == (2, 2)
    assert json.loads(result(base, "unreadable.json")) == {
        "unreadable": {"cut.jpg": "the image is cut off", "<b>.jpg": "the image is cut off"}
    }
    assert len(result(base, "predictions.csv").splitlines()) == 3
    page = result(base, "gallery.html")
    assert "2 images could not be read" in page
    assert "<b>&lt;b&gt;.jpg</b>: the image is cut off" in page


def test_a_batch_without_a_readable_photo_is_reported(base: Path) -> None:
    for key in ("week/a.jpg", HOSTILE):
        answer(base, key, {"error": "the body is empty"})
    put(base, "evaluation/answers.csv", "key,name,predicted_name,confidence\nx,A,F,0.9\n")
    main(["--batch", "monday"])
    summary = json.loads(result(base, "report.json"))
    assert (summary["images"], summary["unreadable"], summary["drift"]) == (0, 2, None)
    path = str(base / "processing" / "output" / "result" / "predictions.parquet")
    with duckdb.connect() as database:
        found = database.read_parquet(path)
        assert found.fetchall() == []
        assert found.columns[:3] == ["file", "label", "probability"]
    assert "0 images, classified" in result(base, "gallery.html")


def test_a_planned_image_without_an_answer_must_stay_new(base: Path) -> None:
    (base / "processing/input/predictions/week/a.jpg.out").unlink()
    message = r"1 of 2 planned images have no prediction \(week/a\.jpg\): clear submit_transform"
    with pytest.raises(CommandError, match=message):
        main(["--batch", "monday"])


def test_names_with_special_characters_are_matched(base: Path) -> None:
    """Commas, quotes, line ends and formulas in names."""
    for key in ('a, "b"\n\u00e9\r.jpg', "=1+1.jpg", "'=1+1.jpg"):
        predict(base, key, [0.1, 0.2, 0.7])
    main(["--batch", "monday"])
    assert json.loads(result(base, "report.json"))["images"] == 5


def test_a_prediction_over_other_classes_is_an_error(base: Path) -> None:
    predict(base, "week/a.jpg", [0.5, 0.5])
    with pytest.raises(CommandError, match=r"week/a.jpg.out has 2 probabilities.*3 classes"):
        main(["--batch", "monday"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("version/classes.json", "{}", "must be a JSON list of class names"),
        ("version/classes.json", "[", "is not valid JSON"),
        ("truth/labels.json", "[]", "must be a JSON object that maps files"),
    ],
)
def test_a_damaged_input_is_named(base: Path, name: str, text: str, message: str) -> None:
    put(base, name, text)
    with pytest.raises(CommandError, match=message):
        main(["--batch", "monday"])


def test_the_gallery_shows_a_bounded_number_and_says_so(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["--batch", "monday"])
    assert "shown, the least confident" not in result(base, "gallery.html")
    monkeypatch.setattr(report, "MAX_PICTURES", 1)
    main(["--batch", "monday"])
    page = result(base, "gallery.html")
    assert "1 of 2 shown, the least confident; predictions.csv lists all" in page
    assert [card["data-file"] for card in Elements(page).all("article")] == [HOSTILE]
    classes = [option for option in Elements(page).all("option") if option["value"] in CLASSES]
    assert len(classes) == 1


def test_a_damaged_prediction_leaves_no_tables(base: Path) -> None:
    predict(base, "week/z.jpg", [0.5, 0.5])
    with pytest.raises(CommandError, match=r"week/z\.jpg"):
        main(["--batch", "monday"])
    assert not any((base / "processing" / "output" / "result").iterdir())
