"""Initial weights of a training job, by its channels and hyperparameters."""

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives import member
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.model_channel import count_layers
from include.image_classification.training.pretrained.warm_start import warm_start
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.job_data import EFFICIENTNET, settings_with
from tests.include.image_classification.training.pretrained.catalogue.published import (
    entry_of,
    publish,
)
from tests.include.image_classification.training.pretrained.pytorch.checkpoint_files import (
    write_legacy,
)
from tests.include.image_classification.training.pretrained.weight_files import (
    published_weights,
    write_safetensors,
)

PHOTO = {"num_layers": "18", "image_shape": "3,40,40"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a job's channels."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    folder = tmp_path / "input" / "data"
    folder.mkdir(parents=True)
    return folder


def started(**changes: str | None) -> Any:
    settings = parse(settings_with(**changes))
    shape = settings.image_shape
    network = make_network(settings.num_layers, settings.num_classes, shape, settings.network)
    warm_start(settings, network)
    return network


def stored(trained: Trained) -> dict[str, Any]:
    from include.image_classification.mxnet_import import mx

    (file,) = (trained.base / "model").glob("*.params")
    return {n.split(":")[1]: value.asnumpy() for n, value in mx.nd.load(str(file)).items()}


def pack(trained: Trained, folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file in (trained.base / "model").iterdir():
            archive.add(file, file.name)
    return path


def has_weights(network: Any, expected: dict[str, Any]) -> bool:
    return all(
        np.array_equal(parameter.data().asnumpy(), expected[name])
        for name, parameter in network.collect_params().items()
    )


@pytest.mark.parametrize("packed", [True, False])
def test_the_model_channel_provides_all_weights(data: Path, trained: Trained, packed: bool) -> None:
    if packed:
        pack(trained, data / "model")
    else:
        shutil.copytree(trained.base / "model", data / "model" / "below")
    assert has_weights(started(), stored(trained))


def test_all_differences_to_the_earlier_job_are_named(data: Path, trained: Trained) -> None:
    pack(trained, data / "model")
    message = (
        "does not match: num_layers is 32, but the model has 20; "
        "image_shape is 3,40,40, but the model has 3,32,32; "
        "num_classes is 4, but the model has 3: train with"
    )
    with pytest.raises(CommandError, match=message):
        started(num_layers="32", image_shape="3,40,40", num_classes="4")


def test_the_model_channel_provides_all_weights_of_an_efficientnet(
    data: Path, trained_efficientnet: Trained
) -> None:
    pack(trained_efficientnet, data / "model")
    assert has_weights(started(**EFFICIENTNET), stored(trained_efficientnet))


def test_a_model_of_another_network_is_rejected_with_both_names(
    data: Path, trained: Trained
) -> None:
    """The number of layers of another network would say nothing."""
    pack(trained, data / "model")
    message = "does not match: network is {}, but the model has torchvision: train with the earl"
    with pytest.raises(CommandError, match=message.format("efficientnet_lite0")):
        started(**EFFICIENTNET)
    with pytest.raises(CommandError, match=message.format("mxnet")):
        started(network="mxnet", num_layers="32")


def test_an_efficientnet_is_no_model_for_a_resnet(
    data: Path, trained_efficientnet: Trained
) -> None:
    pack(trained_efficientnet, data / "model")
    message = (
        "does not match: network is torchvision, but the model has efficientnet_lite0; "
        "num_classes is 4, but the model has 3: train with"
    )
    with pytest.raises(CommandError, match=message):
        started(num_classes="4")


@pytest.mark.parametrize(
    ("layers", "side", "family"),
    [
        (18, 40, "torchvision"),
        (50, 40, "torchvision"),
        (18, 32, "torchvision"),
        (20, 32, "mxnet"),
        (50, 40, "mxnet"),
    ],
)
def test_the_number_of_layers_follows_from_the_weights_shapes(
    layers: int, side: int, family: str
) -> None:
    network = make_network(layers, 2, (3, side, side), family)
    shapes = {n: np.empty(value.shape) for n, value in network.collect_params().items()}
    assert count_layers(shapes) == layers


def test_a_model_channel_without_a_model_is_rejected(data: Path) -> None:
    (data / "model").mkdir()
    with pytest.raises(CommandError, match=r"channel model must hold the model.tar.gz"):
        started()


def test_an_archive_that_is_cut_off_is_rejected(data: Path, trained: Trained) -> None:
    path = pack(trained, data / "model")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CommandError, match=r"model.tar.gz is cut off"):
        started()


def test_an_archive_with_an_altered_bit_is_rejected(data: Path, trained: Trained) -> None:
    """The checksum is at the end of the compressed file."""
    path = pack(trained, data / "model")
    with tarfile.open(path, "w:gz", compresslevel=0) as archive:
        for file in (trained.base / "model").iterdir():
            archive.add(file, file.name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"model.tar.gz is cut off or not.*CRC"):
        started()


def test_a_decompression_bomb_is_rejected(
    data: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "ALWAYS_UNPACKED", 1_000_000)
    monkeypatch.setattr(member, "MAX_RATIO", 2)
    path = pack(trained, data / "model")
    zeros = tarfile.TarInfo("image-classification-0009.params")
    zeros.size = 5_000_000
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(zeros, io.BytesIO(bytes(zeros.size)))
    with pytest.raises(CommandError, match=r"model.tar.gz decompresses to 50.* bytes or more"):
        started()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE])
def test_an_archive_with_hostile_headers_is_rejected(data: Path, kind: bytes) -> None:
    """The module tarfile reads a negative size without end, and recurses into nested headers."""
    header = tarfile.TarInfo("image-classification-0009.params")
    header.type, header.size = kind, -512 if kind == tarfile.REGTYPE else 0
    (data / "model").mkdir()
    with tarfile.open(data / "model/model.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("first"))
        archive.fileobj.write(header.tobuf(tarfile.GNU_FORMAT) * 3000)
    with pytest.raises(CommandError, match=r"model.tar.gz is cut off or not a model.tar.gz"):
        started()


def test_an_archive_cannot_write_outside_its_folder(data: Path, trained: Trained) -> None:
    """A path that leaves the folder and a symbolic link are both ignored."""
    path = pack(trained, data / "model")
    with tarfile.open(path, "w:gz") as archive:
        for file in (trained.base / "model").iterdir():
            archive.add(file, f"../../{file.name}")
        archive.add(__file__, "../outside.py")
        link = tarfile.TarInfo("image-classification-0009.params")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert has_weights(started(), stored(trained))
    assert not (data / "outside.py").exists()


def test_pretrained_weights_are_read_from_the_uri(data: Path) -> None:
    file, digest = weights(data.parent)
    uri = {"pretrained_model_uri": file.as_uri(), "pretrained_model_sha256": digest}
    network = started(**PHOTO, **uri, use_pretrained_model="1")
    expected = published_weights(network)["conv1.weight"]
    assert np.array_equal(network.network.features[0].weight.data().asnumpy(), expected)


def test_pretrained_weights_are_read_from_the_channel(data: Path) -> None:
    """A job without network access needs the channel."""
    (data / "pretrained").mkdir()
    weights(data / "pretrained")
    network = started(**PHOTO, use_pretrained_model="1")
    assert network.network.output.weight.shape == (3, 512)


def test_a_channel_of_weights_that_the_job_does_not_ask_for_is_no_silent_start_from_scratch(
    data: Path,
) -> None:
    (data / "pretrained").mkdir()
    weights(data / "pretrained")
    with pytest.raises(CommandError, match=r"channel pretrained is for .* use_pretrained_model 1"):
        started(**PHOTO)


def weights(folder: Path) -> tuple[Path, str]:
    file = folder / "resnet18.safetensors"
    write_safetensors(file, published_weights(make_network(18, 3, (3, 40, 40))))
    return file, hashlib.sha256(file.read_bytes()).hexdigest()


def test_weights_with_another_hash_are_not_loaded(data: Path) -> None:
    file, _ = weights(data.parent)
    source = {"pretrained_model_uri": str(file), "pretrained_model_sha256": "0" * 64}
    with pytest.raises(CommandError, match=r"SHA-256 .*, but pretrained_model_sha256 is 000"):
        started(**PHOTO, **source, use_pretrained_model="1")


def test_published_weights_are_read_from_the_weights_folder(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request of the built-in algorithm names no file."""
    content = published_weights(make_network(18, 3, (3, 40, 40)))
    file = write_legacy(data.parent / "resnet18.pth", content)
    publish(monkeypatch, entry_of(file.read_bytes()))
    monkeypatch.setenv("PRETRAINED_WEIGHTS_FOLDER", str(data.parent))
    network = started(**PHOTO, use_pretrained_model="1")
    found = network.network.features[0].weight.data().asnumpy()
    assert np.array_equal(found, content["conv1.weight"])
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CommandError, match=r"resnet18\.pth is not the published file .* bytes"):
        started(**PHOTO, use_pretrained_model="1")


def test_a_channel_takes_precedence_over_the_weights_folder(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRETRAINED_WEIGHTS_FOLDER", str(data.parent))
    (data.parent / "resnet18-f37072fd.pth").write_bytes(b"damaged")
    (data / "pretrained").mkdir()
    weights(data / "pretrained")
    started(**PHOTO, use_pretrained_model="1")


def test_use_pretrained_model_without_published_weights_is_rejected(data: Path) -> None:
    with pytest.raises(CommandError, match=r"no published weights are known .* num_layers 200"):
        started(**PHOTO | {"num_layers": "200"}, use_pretrained_model="1")


def test_no_weights_are_required(data: Path) -> None:
    assert not list(data.iterdir())
    started()


def test_the_best_of_several_epochs_is_loaded(data: Path, trained: Trained) -> None:
    folder = data / "model"
    shutil.copytree(trained.base / "model", folder)
    (file,) = folder.glob("*.params")
    (folder / "image-classification-0099.params").write_bytes(b"a later, worse epoch")
    epoch = int(file.stem[-4:])
    (folder / "best-epoch.json").write_text(json.dumps(epoch))
    assert has_weights(started(), stored(trained))
