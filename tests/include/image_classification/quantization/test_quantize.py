"""From a trained model to its int8 form, and to the one that answers."""

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

from include.image_classification.container import ProgramError
from include.image_classification.images.resizing import Image
from include.image_classification.model import int8_decision
from include.image_classification.mxnet_import import mx
from include.image_classification.quantization import after_training
from include.image_classification.quantization.after_training import add_int8
from include.image_classification.quantization.calibration import write_int8
from include.image_classification.quantization.handover import (
    read_batches,
    write_batch,
    write_end,
)
from include.image_classification.recordio.record_file import Records
from include.image_classification.serving.model import Model, checkpoint
from include.image_classification.serving.photo import read_photo
from include.image_classification.training.input.batches import Batch, BatchReader
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.making import picture

SHAPE = (3, 32, 32)
IMAGES = [read_photo(picture(label, 50 + label, side=40), SHAPE) for label in range(20)]


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.base / "model", tmp_path / "model"))


def batches(trained: Trained, channel: str) -> Iterator[Batch]:
    path = trained.base / "input" / "data" / channel / f"{channel}.rec"
    yield from BatchReader(Records.scan([path], 3), SHAPE, 8, threads=1).validation()


def add(trained: Trained, folder: Path, stop: threading.Event | None = None) -> dict[str, object]:
    """Have training's model quantised, and return what was decided."""
    never = stop or threading.Event()
    add_int8(folder, batches(trained, "train"), batches(trained, "validation"), never)
    loaded: dict[str, object] = json.loads((folder / int8_decision.RECORD).read_text())
    return loaded


CPU_FLAGS = {True: "flags\t\t: fpu sse avx512_vnni", False: "flags\t\t: fpu sse avx2"}


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Give a function that makes /proc/cpuinfo name the instructions for int8, or not."""

    def describe(has_instructions: bool) -> None:
        file = tmp_path / "cpuinfo"
        file.write_text(f"processor\t: 0\n{CPU_FLAGS[has_instructions]}\n", encoding="utf-8")
        monkeypatch.setattr(int8_decision, "CPU_INFO", file)

    return describe


def test_training_leaves_int8_and_the_decision_beside_the_model(
    trained: Trained, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    decided = add(trained, folder)
    if not int8_decision.has_int8_instructions():
        assert not decided["served"]
        return
    assert (decided["images"], decided["calibration_images"]) == (10, 24)
    history = json.loads((trained.base / "output" / "data" / "training.json").read_text())
    assert decided["float32_top1"] == pytest.approx(max(history["validation_accuracy"]))
    assert "points of top-1 are lost" in capfd.readouterr().out or not decided["served"]
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    expected = {int8_decision.RECORD, *(int8_decision.FILES if decided["served"] else ())}
    assert left.keys() - before.keys() == expected
    assert before.items() <= left.items()


def test_int8_answers_nearly_what_float32_does_whatever_the_batch(
    folder: Path, processor: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_int8(checkpoint(folder), IMAGES, folder)
    int8_decision.decide((9, 9), 10, 20, 3.0).write(folder)
    processor(True)  # MXNet computes int8 on any, only more slowly
    float32 = Model(folder)
    monkeypatch.setenv("SERVING_PRECISION", "int8")
    int8 = Model(folder)
    assert (float32.precision, int8.precision) == ("float32", "int8")
    answers = int8.probabilities(IMAGES[:8])
    exact = float32.probabilities(IMAGES[:8])
    assert np.abs(answers - exact).max() < 0.1
    assert not np.array_equal(answers, exact)
    for size in (1, 3, 7):
        assert np.allclose(int8.probabilities(IMAGES[:size]), answers[:size], atol=1e-5)


@pytest.mark.parametrize("has_instructions", [True, False])
@pytest.mark.parametrize("asked", [None, "float32"])
def test_the_processor_does_not_decide_the_precision(
    folder: Path,
    processor: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    has_instructions: bool,
    asked: str | None,
) -> None:
    """Protects from instances of one endpoint that answer differently."""
    write_int8(checkpoint(folder), IMAGES[:1], folder)
    int8_decision.decide((9, 9), 10, 20, 3.0).write(folder)
    processor(has_instructions)
    if asked:
        monkeypatch.setenv("SERVING_PRECISION", asked)
    assert Model(folder).precision == "float32"


def test_a_processor_without_the_instructions_refuses_int8(
    folder: Path, processor: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects from float32 answers of a model that was judged in int8."""
    write_int8(checkpoint(folder), IMAGES[:1], folder)
    int8_decision.decide((9, 9), 10, 20, 3.0).write(folder)
    monkeypatch.setenv("SERVING_PRECISION", "int8")
    processor(True)
    assert Model(folder).precision == "int8"
    processor(False)
    with pytest.raises(ProgramError, match=r"of avx512_vnni, avx_vnni .* ml\.c6i .* int8 to never"):
        Model(folder)


def test_mxnets_own_loader_still_finds_the_float32_model(folder: Path) -> None:
    write_int8(checkpoint(folder), IMAGES, folder)
    prefix, epoch = checkpoint(folder)
    symbol, _, _ = mx.model.load_checkpoint(str(prefix), epoch)
    assert not [name for name in symbol.get_internals().list_outputs() if "quantize" in name]


def test_without_the_instructions_nothing_is_started(
    trained: Trained, folder: Path, processor: Callable[[bool], None]
) -> None:
    processor(False)
    decided = add(trained, folder)
    assert not decided["served"]
    assert "VNNI" in str(decided["reason"])


@pytest.fixture
def everywhere(processor: Callable[[bool], None]) -> None:
    processor(True)


@pytest.mark.usefixtures("everywhere")
def test_a_network_that_cannot_be_quantised_is_served_in_float32(
    trained: Trained, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    symbol = folder / "image-classification-symbol.json"
    symbol.write_text(symbol.read_text().replace("SoftmaxOutput", "SVMOutput"))
    with caplog.at_level(logging.WARNING):
        decided = add(trained, folder)
    assert not decided["served"]
    assert "int8 is not served: quantising ended with status 1" in caplog.text
    assert not any((folder / name).exists() for name in int8_decision.FILES)


@pytest.mark.usefixtures("everywhere")
def test_training_that_is_told_to_stop_does_not_wait_for_int8(
    trained: Trained, folder: Path
) -> None:
    stop = threading.Event()
    stop.set()
    decided = add(trained, folder, stop)
    assert not decided["served"]
    assert "told to stop" in str(decided["reason"])


CALIBRATES_LONG = """
import pathlib, sys, time
(pathlib.Path(sys.argv[1]) / "int8-0000.params").write_bytes(b"half")
(pathlib.Path(sys.argv[1]) / "int8-symbol.json").write_bytes(b"{}")
time.sleep(60)
"""


@pytest.fixture
def calibrates_long(everywhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What quantises neither reads on nor ends; half of its model is there."""
    (tmp_path / "calibrates_long.py").write_text(CALIBRATES_LONG)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(after_training, "PROGRAM", "calibrates_long")


@pytest.mark.usefixtures("calibrates_long")
def test_a_stop_while_calibration_lets_the_pipe_fill_up_ends_it_at_once(folder: Path) -> None:
    """SageMaker kills 120 s after SIGTERM; nothing half-written stays in the model."""
    stop = threading.Event()
    batch = Batch(np.zeros((64, *SHAPE), np.uint8), np.zeros(64, np.float32), 64)
    told: list[float] = []

    def stop_when_begun() -> None:
        while not (folder / int8_decision.SYMBOL).exists():
            time.sleep(0.05)
        told.append(time.monotonic())
        stop.set()

    threading.Thread(target=stop_when_begun).start()
    add_int8(folder, [batch] * 8, [batch] * 8, stop)
    assert time.monotonic() - told[0] < 3
    assert not any((folder / name).exists() for name in int8_decision.FILES)
    assert "told to stop" in json.loads((folder / int8_decision.RECORD).read_text())["reason"]
    assert "int8" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("calibrates_long")
def test_what_the_channel_fails_with_is_told_though_another_thread_reads_it(folder: Path) -> None:
    def damaged() -> Iterator[Batch]:
        raise ProgramError("record 7 is not an image")
        yield

    with pytest.raises(ProgramError, match="record 7"):
        add_int8(folder, damaged(), [], threading.Event())
    assert not any((folder / name).exists() for name in int8_decision.FILES)


def test_images_arrive_as_they_were_handed_over() -> None:
    """Two sequences, the second of which ends too early."""
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
