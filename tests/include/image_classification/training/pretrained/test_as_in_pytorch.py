"""The same weights give the same answers here and in PyTorch."""

from pathlib import Path

import numpy as np
import pytest

from include.image_classification.training.mxnet_import import mx
from include.image_classification.training.network import make_network
from include.image_classification.training.pretrained.reading import read_weights
from include.image_classification.training.pretrained.transplant import transplant
from tests.include.image_classification.training.pretrained.making import write_safetensors

torch = pytest.importorskip("torch", reason="PyTorch is a test extra: pip install torch==2.13.0")

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.mark.parametrize("layers", [18, 50])
def test_the_forward_pass_is_pytorchs(tmp_path: Path, layers: int) -> None:
    """Layers, their order, strides, and ImageNet's normalisation as torchvision's users do it."""
    from tests.include.image_classification.training.pretrained import torchvision_resnet

    theirs = torchvision_resnet.random_resnet(layers, classes=7)
    state = {name: value.numpy() for name, value in theirs.state_dict().items()}
    file = write_safetensors(tmp_path / "resnet.safetensors", state)
    ours = make_network(layers, 7, (3, 96, 80))
    transplant(ours, read_weights(file), file.name, last_layer=True)
    pixels = np.random.default_rng(1).integers(0, 256, (2, 3, 96, 80)).astype(np.float32)
    column = (torch.tensor(values).reshape(3, 1, 1) for values in (MEAN, SPREAD))
    mean, spread = column
    with torch.no_grad():
        expected = theirs((torch.from_numpy(pixels) / 255 - mean) / spread).numpy()
    answer = ours(mx.nd.array(pixels)).asnumpy()
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(expected).max() > 0.1
