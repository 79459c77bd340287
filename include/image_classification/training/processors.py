"""The processors of a training: devices that compute parts of a batch, and threads of each.

This module must be used before MXNet is imported, which reads these environment variables once.
"""

import os

from include.image_classification.processor_devices import device_environment
from include.image_classification.training.hyperparameters import Hyperparameters

ROWS = 8
"""The least rows of a device, of which BatchNorm takes the statistics."""


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
    os.environ.update(device_environment(devices, processors))
    return devices
