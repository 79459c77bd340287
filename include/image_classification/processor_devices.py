"""MXNet's devices of the processor, each of which computes a part of a batch.

OpenMP divides one operator at a time, of which EfficientNet-Lite0 has hundreds of small ones: on
two processors it is hardly faster than on one. So each processor may be a device of its own, as
each GPU of an instance would be: `mx.cpu(0)`, `mx.cpu(1)` and so on.
"""

from collections.abc import Iterator

TEMPORARY_ARRAYS = 256
"""MXNet's devices of the processor share the memory for temporary results; an operator waits for
the others that use the same one. So there must be more than the operators of a network."""


def device_environment(devices: int, processors: int) -> dict[str, str]:
    """Return the environment variables of a process with several devices.

    MXNet reads them when it is imported.

    Args:
        devices: The number of devices.
        processors: The number of processors, which the devices share.
    """
    return {
        "OMP_NUM_THREADS": str(max(1, processors // devices)),
        "MXNET_CPU_TEMP_COPY": str(TEMPORARY_ARRAYS),
        "MXNET_CPU_PARALLEL_RAND_COPY": str(devices),
    }


def rows_of_devices(rows: int, devices: int) -> Iterator[slice]:
    """Yield the rows of a batch that each device computes; a device may have none."""
    for number in range(devices):
        yield slice(rows * number // devices, rows * (number + 1) // devices)
