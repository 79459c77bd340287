"""Serving of trained models, and errors for damaged ones."""

import json
import shutil
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.conversion.encoding import Encoding, encode
from include.image_classification.images.network_input import decode_for_network
from include.image_classification.mxnet_import import mx
from include.image_classification.serving.model import Model
from include.image_classification.serving.photo import read_photo
from include.image_classification.serving.serve import main
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.serving.server_process import free_port, wait_until_healthy
from tests.include.image_classification.training.job_data import make_png, start_program


def test_predictions_are_those_of_the_trained_network(trained: Trained) -> None:
    folder = trained.base / "model"
    best = int(next(folder.glob("*.params")).stem.rsplit("-", 1)[1])
    network = mx.gluon.SymbolBlock.imports(
        str(folder / "image-classification-symbol.json"),
        ["data", "softmax_label"],
        str(folder / f"image-classification-{best:04d}.params"),
    )
    images = [read_photo(make_png(1, seed, side=50), (3, 32, 32)) for seed in range(7)]
    pixels = np.stack(images).transpose(0, 3, 1, 2).astype(np.float32)
    expected = network(mx.nd.array(pixels), mx.nd.zeros((7,))).asnumpy()
    model = Model(folder)
    for size in (7, 1, 3, 5):
        assert np.allclose(model.probabilities(images[:size]), expected[:size], atol=1e-5)


def test_the_pixels_are_those_of_training() -> None:
    """A photo squashed by im2rec has the same pixels as a photo decoded by the server."""
    pixels = np.random.default_rng(2).integers(0, 255, (90, 110, 3), np.uint8)
    photo = cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (9, 9), 3))[1].tobytes()
    record = encode(photo, Encoding(32, "squash", quality=0, format=".png"))
    trained_on = decode_for_network(record, 3)
    assert trained_on is not None
    assert (read_photo(photo, (3, 32, 32)) == trained_on).all()


def test_the_command_serves_the_trained_model_until_sigterm(trained: Trained) -> None:
    port = free_port()
    process = start_program(
        trained.base,
        "serve",
        SAGEMAKER_BIND_TO_PORT=str(port),
        SAGEMAKER_BIND_TO_HOST="127.0.0.1",
    )
    try:
        wait_until_healthy(port)
        body = make_png(2, 9, side=50)
        url = f"http://127.0.0.1:{port}/invocations"
        headers = {"Content-Type": "image/png"}
        response = httpx.post(url, content=body, headers=headers, timeout=30)
        expected = Model(trained.base / "model").probabilities([read_photo(body, (3, 32, 32))])[0]
        assert response.json() == pytest.approx(expected.tolist(), abs=1e-5)
        headers |= {"X-Amzn-SageMaker-Custom-Attributes": "top_k=1;labels"}
        best = httpx.post(url, content=body, headers=headers, timeout=30).json()
        assert best[0]["name"] == ["red", "green", "blue"][int(expected.argmax())]
    finally:
        started = time.monotonic()
        process.terminate()
        output, _ = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert "Traceback" not in output


def test_a_grayscale_model_accepts_a_color_photo(tmp_path: Path) -> None:
    network = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="all")
    symbol = mx.sym.SoftmaxOutput(network, name="softmax")
    weights = {"all_weight": mx.nd.zeros((2, 64)), "all_bias": mx.nd.zeros((2,))}
    mx.model.save_checkpoint(str(tmp_path / "image-classification"), 3, symbol, weights, {})
    shapes = [{"name": "data", "shape": [1, 1, 8, 8]}]
    (tmp_path / "model-shapes.json").write_text(json.dumps(shapes))
    model = Model(tmp_path)
    photo = cv2.imencode(".png", np.zeros((20, 30, 3), np.uint8))[1].tobytes()
    assert model.shape == (1, 8, 8)
    assert model.probabilities([read_photo(photo, model.shape)]).tolist() == [[0.5, 0.5]]


def test_a_checkpoint_of_mxnets_module_is_served(tmp_path: Path) -> None:
    """The built-in algorithm writes such checkpoints: raw pixels, bn_data, SoftmaxOutput."""
    data = mx.sym.BatchNorm(mx.sym.var("data"), fix_gamma=True, eps=2e-5, name="bn_data")
    layer = mx.sym.Convolution(data, num_filter=4, kernel=(3, 3), no_bias=True, name="conv0")
    layer = mx.sym.Activation(mx.sym.BatchNorm(layer, name="bn0"), act_type="relu")
    layer = mx.sym.Flatten(mx.sym.Pooling(layer, global_pool=True, pool_type="avg", kernel=(7, 7)))
    layer = mx.sym.FullyConnected(layer, num_hidden=3, name="fc1")
    module = mx.mod.Module(mx.sym.SoftmaxOutput(layer, name="softmax"))
    pixels = np.random.default_rng(3).integers(0, 255, (8, 3, 16, 16)).astype(np.float32)
    iterator = mx.io.NDArrayIter(pixels, np.arange(8) % 3, batch_size=8)
    module.fit(iterator, num_epoch=3, optimizer_params={"learning_rate": 0.1})
    module.save_checkpoint(str(tmp_path / "image-classification"), 3)
    shapes = [{"shape": [1, 3, 16, 16], "name": "data"}]
    (tmp_path / "model-shapes.json").write_text(json.dumps(shapes))
    iterator.reset()
    expected = module.predict(iterator).asnumpy()
    images = pixels.transpose(0, 2, 3, 1).astype(np.uint8)
    assert np.allclose(Model(tmp_path).probabilities(list(images)), expected, atol=1e-5)


def test_a_checkpoint_in_float16_is_served_in_float32(tmp_path: Path) -> None:
    """MXNet's example writes such checkpoints, with casts in the symbol."""
    float16 = mx.sym.Cast(mx.sym.var("data"), dtype="float16")
    layer = mx.sym.Convolution(float16, num_filter=4, kernel=(3, 3), no_bias=True, name="conv0")
    layer = mx.sym.FullyConnected(mx.sym.Flatten(layer), num_hidden=3, name="fc1")
    symbol = mx.sym.SoftmaxOutput(mx.sym.Cast(layer, dtype="float32"), name="softmax")
    random = np.random.default_rng(4)
    shapes = dict(
        zip(symbol.list_arguments(), symbol.infer_shape(data=(1, 3, 8, 8))[0], strict=True)
    )
    weights = {
        name: np.asarray(random.standard_normal(shape) / 200, np.float16)
        for name, shape in shapes.items()
        if name not in ("data", "softmax_label")
    }
    arrays = {name: mx.nd.array(value, dtype="float16") for name, value in weights.items()}
    mx.model.save_checkpoint(str(tmp_path / "image-classification"), 1, symbol, arrays, {})
    model_shapes = [{"shape": [1, 3, 8, 8], "name": "data"}]
    (tmp_path / "model-shapes.json").write_text(json.dumps(model_shapes))
    image = random.integers(0, 255, (8, 8, 3), np.uint8)
    pixels = mx.nd.array(image.transpose(2, 0, 1)[None].astype(np.float32))
    kernel, matrix, bias = (
        mx.nd.array(weights[name]) for name in ("conv0_weight", "fc1_weight", "fc1_bias")
    )
    features = mx.nd.Convolution(pixels, kernel, num_filter=4, kernel=(3, 3), no_bias=True)
    logits = mx.nd.FullyConnected(features.flatten(), matrix, bias, num_hidden=3)
    expected = mx.nd.softmax(logits).asnumpy()
    assert np.allclose(Model(tmp_path).probabilities([image]), expected, atol=1e-4)


def remove_parameters(folder: Path, ending: str) -> None:
    """Remove parameters, for which MXNet would compute with uninitialized memory."""
    path = next(folder.glob("*.params"))
    kept = {name: value for name, value in mx.nd.load(str(path)).items() if ending not in name}
    mx.nd.save(str(path), kept)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "model-shapes.json").unlink(), "model-shapes.json is missing"),
        (lambda folder: (folder / "model-shapes.json").write_text("[]"), "lacks the shape of"),
        (lambda folder: next(folder.glob("*.params")).unlink(), "holds no image-classification-"),
        (lambda folder: next(folder.glob("*.params")).write_bytes(b"x"), "cannot be loaded"),
        (
            lambda folder: remove_parameters(folder, "_bias"),
            r"cannot be loaded: no parameters for \w+_bias",
        ),
        (
            lambda folder: (folder / "classes.json").write_text("{}"),
            "not a JSON list of class names",
        ),
        (
            lambda folder: (folder / "classes.json").write_text('["a"]'),
            "has 1 class names, but there are 3 classes",
        ),
    ],
)
def test_a_damaged_model_is_rejected(
    trained: Trained, tmp_path: Path, damage: object, message: str
) -> None:
    folder = Path(shutil.copytree(trained.base / "model", tmp_path / "model"))
    assert callable(damage)
    damage(folder)
    with pytest.raises(CommandError, match=message):
        Model(folder)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("not JSON", "int8.json is damaged"),
        ('{"served": true}', "int8-symbol.json, int8-0000.params is missing"),
        ('{"served": false}', "SERVING_PRECISION is int8, but .* has no accepted int8 form"),
        (None, "SERVING_PRECISION is int8, but the model in .* has no accepted int8 form"),
    ],
)
def test_int8_is_rejected_if_the_model_has_no_int8_form(
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: str | None,
    message: str,
) -> None:
    """A model that was evaluated in int8 must not predict in float32."""
    folder = Path(shutil.copytree(trained.base / "model", tmp_path / "model"))
    if record is not None:
        (folder / "int8.json").write_text(record)
    monkeypatch.setenv("SERVING_PRECISION", "int8")
    with pytest.raises(CommandError, match=message):
        Model(folder)


def test_a_server_without_an_int8_form_does_not_start(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SageMaker shows the reason, and sends no request."""
    base = tmp_path / "base"
    shutil.copytree(trained.base / "model", base / "model")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", str(free_port()))
    monkeypatch.setenv("SERVING_PRECISION", "int8")
    with pytest.raises(CommandError, match="has no accepted int8 form"):
        main([])


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_an_invalid_port_is_rejected(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", port)
    with pytest.raises(CommandError, match="SAGEMAKER_BIND_TO_PORT"):
        main([])


def test_in_batch_transform_predictions_may_be_averaged_with_those_of_the_mirror_images(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained.base / "model"
    photos = [read_photo(make_png(label, 60 + label, side=40), (3, 32, 32)) for label in range(3)]
    mirrored = [np.ascontiguousarray(np.fliplr(photo)) for photo in photos]
    plain = Model(folder)
    expected = (plain.probabilities(photos) + plain.probabilities(mirrored)) / 2
    monkeypatch.setenv("FLIP_AVERAGE", "true")
    for batch, averages in (("false", False), ("true", True)):
        monkeypatch.setenv("SAGEMAKER_BATCH", batch)
        model = Model(folder)
        assert model.averages_flips == averages
        found = model.probabilities(photos)
        assert np.allclose(found, expected, atol=1e-6) == averages
        assert np.allclose(found, model.probabilities(mirrored), atol=1e-6) == averages
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    monkeypatch.setenv("FLIP_AVERAGE", "yes")
    with pytest.raises(CommandError, match="FLIP_AVERAGE is 'yes': it must be true or false"):
        Model(folder)


def test_an_unknown_precision_is_rejected(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("int4", "auto"):
        monkeypatch.setenv("SERVING_PRECISION", value)
        with pytest.raises(CommandError, match=f"SERVING_PRECISION is '{value}'"):
            Model(trained.base / "model")
