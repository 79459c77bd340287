"""The processors of a training: devices that compute parts of a batch, and threads of each.

This module must be used before MXNet is imported, which reads these environment variables once.
"""

import os

from include.image_classification.training.hyperparameters import Hyperparameters

ROWS = 8
"""The least rows of a device, of which BatchNorm takes the statistics."""

TEMPORARY_ARRAYS = 256
"""MXNet's devices of the processor share the memory for temporary results; an operator waits for
the others that use the same one. So there must be more than the operators of a network."""


def choose_devices(settings: Hyperparameters, hosts: int) -> int:
    """Return the number of MXNet's devices of a training, and set up MXNet for it.

    OpenMP hardly speeds up EfficientNet-Lite0's small operators, so each processor becomes a
    device. All other trainings have one device, and OpenMP's threads.
    """
    processors = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    is_parallel = settings.network == "efficientnet_lite0" and hosts == 1
    may_be_bfloat16 = settings.precision_dtype == "bfloat16" and not settings.only_float32
    if not is_parallel or may_be_bfloat16:
        return 1
    devices = max(1, min(processors, settings.mini_batch_size // ROWS))
    os.environ["OMP_NUM_THREADS"] = str(max(1, processors // devices))
    os.environ["MXNET_CPU_TEMP_COPY"] = str(TEMPORARY_ARRAYS)
    os.environ["MXNET_CPU_PARALLEL_RAND_COPY"] = str(devices)
    return devices
