"""The command `train`: log lines, model artifact, errors, SIGTERM."""

import json
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from include.contracts.metrics import METRICS
from include.image_classification.channels import record_files
from include.image_classification.container import CommandError
from include.image_classification.model.int8_decision import is_served
from include.image_classification.mxnet_import import mx
from include.image_classification.serving.model import Model
from include.image_classification.serving.photo import read_photo
from include.image_classification.training.train import main
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.job_data import (
    SETTINGS,
    make_job,
    make_png,
    start_program,
    write_records,
)

PREFIX = r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] "


def test_the_log_lines_are_those_of_the_built_in_algorithm(trained: Trained) -> None:
    expected = [
        r"Epoch\[0\] Train-accuracy=[01]\.\d{6}",
        r"Epoch\[0\] Train-top_k_accuracy_2=[01]\.\d{6}",
        r"Epoch\[0\] Train-cross-entropy=\d+\.\d{6}",
        r"Epoch\[0\] Time cost=\d+\.\d{3}",
        r"Epoch\[0\] Images per second=\d+\.\d",
        r"Epoch\[0\] Learning rate=0\.05",
        r"Epoch\[0\] Validation-accuracy=[01]\.\d{6}",
        r"Epoch\[0\] Validation-top_k_accuracy_2=[01]\.\d{6}",
        r"Storing the best model with validation accuracy: [01]\.\d{6}",
        r'Saved checkpoint to ".*/model/image-classification-0001\.params"',
        r"Epoch\[1\] Train-accuracy=[01]\.\d{6}",
    ]
    text = "\n".join(trained.output.splitlines())
    assert re.search("^" + r"\n(.*\n)*?".join(PREFIX + line for line in expected), text, re.M), text


def test_validation_accuracy_ignores_padding_rows(trained: Trained) -> None:
    found = re.findall(r"Validation-accuracy=(\S+)", trained.output)
    assert len(found) == 2
    for accuracy in map(float, found):
        assert accuracy * 50 == pytest.approx(round(accuracy * 50))  # 50 images, batches of eight


def test_the_artifact_has_the_files_and_names_of_the_built_in_algorithm(
    trained_family: Trained,
) -> None:
    model = trained_family.base / "model"
    history = json.loads((trained_family.base / "output" / "data" / "training.json").read_text())
    best = history["best_epoch"]
    names = {"image-classification-symbol.json", "model-shapes.json", "classes.json"}
    assert {p.name for p in model.iterdir()} == {
        *names,
        "calibration.json",
        f"image-classification-{best:04d}.params",
    }
    symbol, arguments, states = mx.model.load_checkpoint(str(model / "image-classification"), best)
    assert symbol.list_outputs() == ["softmax_output"]
    assert set(symbol.list_arguments()) == {"data", "softmax_label", *arguments}
    assert set(symbol.list_auxiliary_states()) == set(states)
    assert json.loads((model / "model-shapes.json").read_text()) == [
        {"shape": [1, 3, 32, 32], "name": "data"}
    ]


def test_mxnet_predicts_from_the_artifact_like_the_server(trained_family: Trained) -> None:
    folder = trained_family.base / "model"
    best = int(next(folder.glob("*.params")).stem.rsplit("-", 1)[1])
    symbol, arguments, states = mx.model.load_checkpoint(str(folder / "image-classification"), best)
    module = mx.mod.Module(symbol, label_names=["softmax_label"])
    module.bind([("data", (2, 3, 32, 32))], for_training=False)
    module.set_params(arguments, states)
    photos = [read_photo(make_png(label, seed=50 + label), (3, 32, 32)) for label in (0, 2)]
    pixels = mx.nd.array(np.stack([photo.transpose(2, 0, 1) for photo in photos]))
    module.forward(mx.io.DataBatch([pixels]), is_train=False)
    probabilities = module.get_outputs()[0].asnumpy()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(probabilities, Model(folder).probabilities(photos), atol=1e-5)


def test_the_last_log_line_is_the_metric_int8_accepted(trained: Trained, tmp_path: Path) -> None:
    """nightly_training chooses the candidate's serving precision by this metric."""
    assert re.findall(r"Int8-accepted=(\d)", trained.output) == ["0"]
    base = make_job(tmp_path / "job", int8="auto")
    output, _ = start_program(base, "train").communicate(timeout=120)
    expected = str(int(is_served(base / "model")))
    assert re.findall(r"Int8-accepted=(\d)", output.splitlines()[-1]) == [expected], output


def test_the_temperature_is_in_the_log_and_in_the_artifact(trained: Trained) -> None:
    """Its line is a metric, by which the evaluation knows it."""
    calibration = json.loads((trained.base / "model" / "calibration.json").read_text())
    assert calibration["temperature"] != 1
    pattern = METRICS["calibration:temperature"]
    assert re.findall(pattern, trained.output) == [f"{calibration['temperature']:.6g}"]
    fitted = re.findall(r"calibrated with temperature (\S+), fitted to 50", trained.output)
    assert fitted == [f"{calibration['temperature']:.4f}"]


def test_without_calibration_there_is_no_temperature(tmp_path: Path) -> None:
    base = make_job(tmp_path / "job", 50, calibration="none", epochs="1")
    output, _ = start_program(base, "train").communicate(timeout=120)
    assert not re.search("calibrated|Calibration-", output)
    assert not (base / "model" / "calibration.json").exists()
    history = json.loads((base / "output" / "data" / "training.json").read_text())
    assert history["calibration"] is None


def test_training_json_has_the_metrics_of_each_epoch(trained: Trained) -> None:
    history = json.loads((trained.base / "output" / "data" / "training.json").read_text())
    assert (history["stage"], history["epochs"]) == ("train", 2)
    lengths = [
        len(history[key]) for key in ("train_accuracy", "validation_accuracy", "images_per_second")
    ]
    assert lengths == [2, 2, 2]
    assert history["learning_rate"] == [0.05, 0.05]
    assert all(0 < loss < 10 for loss in history["train_loss"] + history["validation_loss"])
    assert all(0 < seconds < history["seconds"] for seconds in history["epoch_seconds"])
    assert history["seconds"] > 0
    figures = zip(history["validation_accuracy"], history["validation_loss"], strict=True)
    ranked = [(accuracy, -loss) for accuracy, loss in figures]
    assert ranked.index(max(ranked)) + 1 == history["best_epoch"]


def test_training_svg_shows_the_curves(trained: Trained) -> None:
    history = json.loads((trained.base / "output" / "data" / "training.json").read_text())
    svg = (trained.base / "output" / "data" / "training.svg").read_text()
    assert f"best after epoch {history['best_epoch']}" in svg


def test_sigterm_ends_the_training_without_an_error_and_keeps_the_best_model(
    tmp_path: Path,
) -> None:
    process = start_program(make_job(tmp_path, epochs="100000"), "train")
    assert process.stdout is not None
    killer = threading.Timer(100, process.kill)
    killer.start()
    for line in process.stdout:
        if "Saved checkpoint" in line:
            break
    process.terminate()
    rest = process.stdout.read()
    killer.cancel()
    assert process.wait(timeout=30) == 0, rest
    assert re.search(r"Stopped (in|before) epoch", rest)
    assert len(list((tmp_path / "model").glob("*.params"))) == 1
    assert json.loads((tmp_path / "output" / "data" / "training.json").read_text())["epochs"] >= 1


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training job's folder for `main`, whose changes to this process are disabled."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    for name in ("signal.signal", "log_lines.use_training_format"):
        monkeypatch.setattr(f"include.image_classification.training.train.{name}", lambda *_: None)
    return make_job(tmp_path)


def test_fewer_images_than_a_batch_are_rejected_with_the_built_in_algorithms_message(
    job: Path,
) -> None:
    settings = SETTINGS | {"mini_batch_size": "25"}
    (job / "input/config/hyperparameters.json").write_text(json.dumps(settings))
    message = "The number of input images must be bigger or equal to the mini_batch_size"
    with pytest.raises(CommandError, match=message):
        main([])


def test_a_channel_without_record_files_is_rejected(job: Path) -> None:
    (job / "input/data/validation/validation.rec").unlink()
    with pytest.raises(CommandError, match=r"channel validation must hold one \.rec file or more"):
        main([])


def test_a_missing_channel_is_rejected(job: Path) -> None:
    shutil.rmtree(job / "input/data/validation")
    with pytest.raises(CommandError, match="channel validation is missing: add it to Input"):
        main([])


def test_the_record_files_of_a_channel_are_read_in_the_order_of_their_names(job: Path) -> None:
    folder = job / "input/data/train"
    write_records(folder / "train-00001.rec", [1])
    write_records(folder / "train-00000.rec", [0])
    names = [path.name for path in record_files("train")]
    assert names == ["train-00000.rec", "train-00001.rec", "train.rec"]


def test_an_error_names_the_record_file(job: Path) -> None:
    write_records(job / "input/data/train/train-00001.rec", [0, 9])
    with pytest.raises(CommandError, match=r"^train-00001.rec: record 1 has label 9"):
        main([])


def test_a_label_outside_the_classes_is_rejected(job: Path) -> None:
    write_records(job / "input/data/validation/validation.rec", [0, 3])
    with pytest.raises(CommandError, match=r"validation.rec: record 1 has label 3"):
        main([])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "resourceconfig",
            {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]},
            "InstanceCount is 2: set the hyperparameter kv_store to dist_sync",
        ),
        ("inputdataconfig", {"train": {"TrainingInputMode": "Fast"}}, "train is in Fast mode"),
        ("inputdataconfig", {"train": {"ContentType": "text/csv"}}, "train is text/csv"),
        ("hyperparameters", {"num_classes": "3"}, "num_training_samples is missing"),
    ],
)
def test_an_unsupported_job_is_rejected(
    job: Path, name: str, content: object, message: str
) -> None:
    (job / "input" / "config" / f"{name}.json").write_text(json.dumps(content))
    with pytest.raises(CommandError, match=message):
        main([])


def test_flags_are_rejected(job: Path) -> None:
    with pytest.raises(CommandError, match="takes no flags, but got --epochs"):
        main(["--epochs"])
