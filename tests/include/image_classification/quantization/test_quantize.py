"""Quantization of a trained model, and the precision that is served."""

import io
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.images.resizing import Image
from include.image_classification.model import int8_decision
from include.image_classification.mxnet_import import mx
from include.image_classification.quantization import after_training
from include.image_classification.quantization.after_training import add_int8
from include.image_classification.quantization.batch_pipe import (
    read_batches,
    write_batch,
    write_end,
)
from include.image_classification.quantization.calibration import write_int8
from include.image_classification.recordio.record_file import Records
from include.image_classification.serving.model import Model, checkpoint
from include.image_classification.serving.photo import read_photo
from include.image_classification.training.input.batches import Batch, BatchReader
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.job_data import make_png

SHAPE = (3, 32, 32)
IMAGES = [read_photo(make_png(label, 50 + label, side=40), SHAPE) for label in range(20)]


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.base / "model", tmp_path / "model"))


@pytest.fixture
def folder_of_family(trained_family: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained_family.base / "model", tmp_path / "model"))


def batches(trained: Trained, channel: str) -> Iterator[Batch]:
    path = trained.base / "input" / "data" / channel / f"{channel}.rec"
    yield from BatchReader(Records.scan([path], 3), SHAPE, 8, threads=1).validation()


def quantize(
    trained: Trained, folder: Path, stop: threading.Event | None = None
) -> dict[str, object]:
    """Quantize the model as at the end of a training, and return the decision."""
    event = stop or threading.Event()
    add_int8(folder, batches(trained, "train"), batches(trained, "validation"), event)
    decision: dict[str, object] = json.loads((folder / int8_decision.RECORD).read_text())
    return decision


CPU_FLAGS = {True: "flags\t\t: fpu sse avx512_vnni", False: "flags\t\t: fpu sse avx2"}


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Return a function that adds the int8 instructions to /proc/cpuinfo, or removes them."""

    def describe(has_instructions: bool) -> None:
        file = tmp_path / "cpuinfo"
        file.write_text(f"processor\t: 0\n{CPU_FLAGS[has_instructions]}\n", encoding="utf-8")
        monkeypatch.setattr(int8_decision, "CPU_INFO", file)

    return describe


def test_the_int8_form_and_the_decision_are_added_to_the_model(
    trained_family: Trained, folder_of_family: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trained, folder = trained_family, folder_of_family
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    decision = quantize(trained, folder)
    if not int8_decision.has_int8_instructions():
        assert not decision["served"]
        return
    assert (decision["images"], decision["calibration_images"]) == (50, 24)
    history = json.loads((trained.base / "output" / "data" / "training.json").read_text())
    assert decision["float32_top1"] == pytest.approx(max(history["validation_accuracy"]))
    assert "percentage points of top-1" in capfd.readouterr().out or not decision["served"]
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    expected = {int8_decision.RECORD, *(int8_decision.FILES if decision["served"] else ())}
    assert after.keys() - before.keys() == expected
    assert before.items() <= after.items()


def test_int8_predictions_are_close_to_float32_for_any_batch_size(
    folder_of_family: Path, processor: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of_family
    write_int8(checkpoint(folder), IMAGES, folder)
    int8_decision.decide((9, 9), 10, 20, 3.0).write(folder)
    processor(True)  # MXNet computes int8 on any processor, but more slowly
    float32 = Model(folder)
    monkeypatch.setenv("SERVING_PRECISION", "int8")
    int8 = Model(folder)
    assert (float32.precision, int8.precision) == ("float32", "int8")
    quantized = int8.probabilities(IMAGES[:8])
    exact = float32.probabilities(IMAGES[:8])
    assert np.abs(quantized - exact).max() < 0.1
    assert not np.array_equal(quantized, exact)
    for size in (1, 3, 7):
        assert np.allclose(int8.probabilities(IMAGES[:size]), quantized[:size], atol=1e-5)


@pytest.mark.parametrize("has_instructions", [True, False])
@pytest.mark.parametrize("precision", [None, "float32"])
def test_the_processor_does_not_decide_the_precision(
    folder: Path,
    processor: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    has_instructions: bool,
    precision: str | None,
) -> None:
    """Otherwise the instances of one endpoint could predict differently."""
    write_int8(checkpoint(folder), IMAGES[:1], folder)
    int8_decision.decide((9, 9), 10, 20, 3.0).write(folder)
    processor(has_instructions)
    if precision:
        monkeypatch.setenv("SERVING_PRECISION", precision)
    assert Model(folder).precision == "float32"


def test_int8_is_rejected_on_a_processor_without_the_instructions(
    folder: Path, processor: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was evaluated in int8 must not predict in float32."""
    write_int8(checkpoint(folder), IMAGES[:1], folder)
    int8_decision.decide((9, 9), 10, 20, 3.0).write(folder)
    monkeypatch.setenv("SERVING_PRECISION", "int8")
    processor(True)
    assert Model(folder).precision == "int8"
    processor(False)
    with pytest.raises(CommandError, match=r"avx512_vnni, avx_vnni.* ml\.c6i.* int8 to never"):
        Model(folder)


def test_mxnets_loader_loads_the_float32_model(folder: Path) -> None:
    write_int8(checkpoint(folder), IMAGES, folder)
    prefix, epoch = checkpoint(folder)
    symbol, _, _ = mx.model.load_checkpoint(str(prefix), epoch)
    assert not [name for name in symbol.get_internals().list_outputs() if "quantize" in name]


def test_a_processor_without_the_instructions_does_not_quantize(
    trained: Trained, folder: Path, processor: Callable[[bool], None]
) -> None:
    processor(False)
    decision = quantize(trained, folder)
    assert not decision["served"]
    assert "VNNI" in str(decision["reason"])


@pytest.fixture
def has_instructions(processor: Callable[[bool], None]) -> None:
    processor(True)


@pytest.mark.usefixtures("has_instructions")
def test_a_network_that_cannot_be_quantized_is_served_in_float32(
    trained: Trained, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    symbol = folder / "image-classification-symbol.json"
    symbol.write_text(symbol.read_text().replace("SoftmaxOutput", "SVMOutput"))
    with caplog.at_level(logging.WARNING):
        decision = quantize(trained, folder)
    assert not decision["served"]
    assert "int8 is not served: the quantization ended with status 1" in caplog.text
    assert not any((folder / name).exists() for name in int8_decision.FILES)


@pytest.mark.usefixtures("has_instructions")
def test_a_stopped_training_does_not_wait_for_int8(trained: Trained, folder: Path) -> None:
    stop = threading.Event()
    stop.set()
    decision = quantize(trained, folder, stop)
    assert not decision["served"]
    assert "the training was stopped" in str(decision["reason"])


SLOW_CALIBRATION = """
import pathlib, sys, time
(pathlib.Path(sys.argv[1]) / "int8-0000.params").write_bytes(b"incomplete")
(pathlib.Path(sys.argv[1]) / "int8-symbol.json").write_bytes(b"{}")
time.sleep(60)
"""


@pytest.fixture
def slow_calibration(
    has_instructions: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quantize in a process that writes an incomplete model, and neither reads images nor ends."""
    (tmp_path / "slow_calibration.py").write_text(SLOW_CALIBRATION)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(after_training, "MODULE", "slow_calibration")


@pytest.mark.usefixtures("slow_calibration")
def test_a_stop_ends_a_calibration_whose_pipe_is_full(folder: Path) -> None:
    """SageMaker sends SIGKILL 120 s after SIGTERM. No incomplete file stays in the model folder."""
    stop = threading.Event()
    batch = Batch(np.zeros((64, *SHAPE), np.uint8), np.zeros(64, np.float32), 64)
    stopped_at: list[float] = []

    def stop_after_start() -> None:
        while not (folder / int8_decision.SYMBOL).exists():
            time.sleep(0.05)
        stopped_at.append(time.monotonic())
        stop.set()

    threading.Thread(target=stop_after_start).start()
    add_int8(folder, [batch] * 8, [batch] * 8, stop)
    assert time.monotonic() - stopped_at[0] < 3
    assert not any((folder / name).exists() for name in int8_decision.FILES)
    reason = json.loads((folder / int8_decision.RECORD).read_text())["reason"]
    assert "the training was stopped" in reason
    assert "int8" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("slow_calibration")
def test_images_that_cannot_be_read_end_no_training_that_has_its_model(folder: Path) -> None:
    def damaged() -> Iterator[Batch]:
        raise CommandError("record 7 is not an image")
        yield

    add_int8(folder, damaged(), [], threading.Event())
    decision = json.loads((folder / int8_decision.RECORD).read_text())
    assert not decision["served"]
    assert "cannot be read again: record 7 is not an image" in decision["reason"]
    assert not any((folder / name).exists() for name in int8_decision.FILES)


def test_written_batches_are_read_from_the_pipe() -> None:
    """There are two sequences, and the second one is cut off."""
    pipe = io.BytesIO()
    images: Image = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    for _ in range(2):
        write_batch(pipe, images, np.array([1, 2]))
    write_end(pipe)
    write_batch(pipe, images[:1], np.array([7]))
    pipe.seek(0)
    first = list(read_batches(pipe))
    assert [labels.tolist() for _, labels in first] == [[1, 2], [1, 2]]
    assert all((pixels == images).all() for pixels, _ in first)
    second = read_batches(pipe)
    assert next(second)[1].tolist() == [7]
    with pytest.raises(EOFError, match="training ended before"):
        next(second)
