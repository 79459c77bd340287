"""The parameters of a network as NumPy arrays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx

Arrays = Mapping[str, NDArray[Any]]
"""Arrays by the names of parameters."""


def read_parameters(network: Any) -> dict[str, NDArray[Any]]:
    """Return copies of all parameters, of their first device."""
    return {name: value.data().asnumpy() for name, value in network.collect_params().items()}


def write_parameters(network: Any, arrays: Arrays) -> None:
    """Set the named parameters on all devices; the others stay as they are.

    Raises:
        KeyError: The network has no parameter of a name.
    """
    parameters = network.collect_params()
    for name, array in arrays.items():
        parameters[name].set_data(mx.nd.array(array, dtype=array.dtype))


@contextmanager
def replaced_parameters(network: Any, arrays: Arrays) -> Iterator[None]:
    """Replace the named parameters within the block."""
    parameters = network.collect_params()
    before = {name: parameters[name].data().asnumpy() for name in arrays}
    write_parameters(network, arrays)
    try:
        yield
    finally:
        write_parameters(network, before)
