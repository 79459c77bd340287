"""The model that is served is the model that was trained."""

import json
import shutil
import socket
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from include.image_classification.container import ProgramError
from include.image_classification.serving.model import Model
from include.image_classification.serving.serve import main
from include.image_classification.squash import squash
from include.image_classification.training.decoding import decode
from include.image_classification.training.mxnet_import import mx
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.making import picture, start_program


def test_it_answers_what_the_trained_network_does(trained: Trained) -> None:
    folder = trained.base / "model"
    best = int(next(folder.glob("*.params")).stem.rsplit("-", 1)[1])
    network = mx.gluon.SymbolBlock.imports(
        str(folder / "image-classification-symbol.json"),
        ["data", "softmax_label"],
        str(folder / f"image-classification-{best:04d}.params"),
    )
    image = decode(picture(1, 5, side=50), 3)
    assert image is not None
    pixels = squash(image, 32, 32).transpose(2, 0, 1)[None].astype(np.float32)
    expected = network(mx.nd.array(pixels), mx.nd.zeros((1,))).asnumpy()[0]
    assert np.allclose(Model(folder).probabilities(image), expected, atol=1e-5)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_the_program_serves_the_trained_model_until_sigterm(trained: Trained) -> None:
    port = free_port()
    process = start_program(
        trained.base,
        "serve",
        SAGEMAKER_BIND_TO_PORT=str(port),
        SAGEMAKER_BIND_TO_HOST="127.0.0.1",
    )
    try:
        wait_until_healthy(port)
        body = picture(2, 9, side=50)
        url = f"http://127.0.0.1:{port}/invocations"
        answer = httpx.post(url, content=body, headers={"Content-Type": "image/png"}, timeout=30)
        image = decode(body, 3)
        assert image is not None
        expected = Model(trained.base / "model").probabilities(image)
        assert answer.json() == pytest.approx(expected.tolist(), abs=1e-5)
    finally:
        started = time.monotonic()
        process.terminate()
        output, _ = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert "Traceback" not in output


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ping", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the server did not become healthy")


def test_a_grey_model_answers_a_colour_photo(tmp_path: Path) -> None:
    network = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="all")
    symbol = mx.sym.SoftmaxOutput(network, name="softmax")
    weights = {"all_weight": mx.nd.zeros((2, 64)), "all_bias": mx.nd.zeros((2,))}
    mx.model.save_checkpoint(str(tmp_path / "image-classification"), 3, symbol, weights, {})
    shapes = [{"name": "data", "shape": [1, 1, 8, 8]}]
    (tmp_path / "model-shapes.json").write_text(json.dumps(shapes))
    model = Model(tmp_path)
    image = decode(cv2.imencode(".png", np.zeros((20, 30, 3), np.uint8))[1].tobytes(), 1)
    assert model.shape == (1, 8, 8)
    assert image is not None
    assert model.probabilities(image).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "model-shapes.json").unlink(), "model-shapes.json is missing"),
        (lambda folder: (folder / "model-shapes.json").write_text("[]"), "does not say the shape"),
        (lambda folder: next(folder.glob("*.params")).unlink(), "holds no image-classification-"),
        (lambda folder: next(folder.glob("*.params")).write_bytes(b"x"), "cannot be loaded"),
    ],
)
def test_an_incomplete_model_is_named(
    trained: Trained, tmp_path: Path, damage: object, message: str
) -> None:
    folder = Path(shutil.copytree(trained.base / "model", tmp_path / "model"))
    assert callable(damage)
    damage(folder)
    with pytest.raises(ProgramError, match=message):
        Model(folder)


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_bad_port_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", port)
    with pytest.raises(ProgramError, match="SAGEMAKER_BIND_TO_PORT"):
        main([])
