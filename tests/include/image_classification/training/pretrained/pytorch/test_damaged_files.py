"""Files with random damage and random pickles: arrays or CommandError are all that comes out."""

import pickletools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.pytorch.checkpoint import read_checkpoint
from tests.include.image_classification.training.pretrained.pytorch.checkpoint_files import (
    PROTOCOL_2,
    STOP,
    Raw,
    Writer,
    named,
    text,
    write_entries,
    write_legacy,
    write_zip,
)

BOTH = pytest.mark.parametrize("write", [write_legacy, write_zip])
SMALL = {"weight": np.ones((2, 3), np.float32), "count": np.array(3, np.int64)}


@BOTH
def test_a_file_that_is_cut_off_at_any_byte_is_rejected(tmp_path: Path, write: Writer) -> None:
    path = write(tmp_path / "a.pth", SMALL)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(CommandError, match=r"a\.pth is damaged, cut off or not a checkpoint"):
            read_checkpoint(path)


def read_or_reject(path: Path) -> None:
    """Fail on anything but arrays or CommandError."""
    try:
        found = read_checkpoint(path)
    except CommandError as error:
        assert str(error).startswith(path.name)  # noqa: PT017 (either outcome is right)
        return
    assert all(value.nbytes <= path.stat().st_size for value in found.values())


@settings(max_examples=300)
@given(
    st.sampled_from([write_legacy, write_zip]),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=3), st.integers(0, 3)), min_size=1),
)
def test_a_damaged_file_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory,
    write: Writer,
    changes: list[tuple[int, bytes, int]],
) -> None:
    """Bytes are replaced, inserted and removed anywhere."""
    path = write(tmp_path_factory.getbasetemp() / "damaged.pth", SMALL)
    content = path.read_bytes()
    for position, new, removed in changes:
        place = position % len(content) if content else 0
        content = content[:place] + new + content[place + removed :]
    path.write_bytes(content)
    read_or_reject(path)


OPERATIONS = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
pieces = st.one_of(
    st.sampled_from(OPERATIONS),
    st.binary(max_size=4),
    st.sampled_from([text("storage"), text("0"), text("cpu"), named("torch FloatStorage")]),
    st.sampled_from([named("collections OrderedDict"), named("torch._utils _rebuild_tensor_v2")]),
)


@settings(max_examples=500)
@given(st.lists(pieces, max_size=60).map(b"".join), st.booleans())
@example(b"}" * 200, False)
def test_a_random_pickle_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, operations: bytes, legacy: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.pth"
    if legacy:
        write_legacy(path, Raw(operations))
    else:
        write_entries(path, {"data.pkl": PROTOCOL_2 + operations + STOP})
    read_or_reject(path)
