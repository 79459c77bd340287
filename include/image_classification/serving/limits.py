"""Size limits of requests, and the parameters for batch transform."""

import os
from dataclasses import dataclass
from typing import Any

from include.contracts.limits import MAX_REAL_TIME_BYTES, MAX_TRANSFORM_MB, MEGABYTE
from include.image_classification.container import CommandError

CONCURRENCY = 16
"""Two of the server's batches: one is computed while the next one arrives."""

PAYLOAD = 6


@dataclass(frozen=True)
class Limits:
    """Whether the server runs in a batch transform, and the job's MaxPayloadInMB."""

    batch: bool
    payload: int | None = None

    @classmethod
    def from_environment(cls) -> "Limits":
        """Read SAGEMAKER_BATCH and SAGEMAKER_MAX_PAYLOAD_IN_MB, as SageMaker sets them.

        Raises:
            CommandError: SAGEMAKER_MAX_PAYLOAD_IN_MB is not an integer.
        """
        batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"
        payload = os.environ.get("SAGEMAKER_MAX_PAYLOAD_IN_MB") or None
        if payload is not None and not payload.isdecimal():
            raise CommandError(f"SAGEMAKER_MAX_PAYLOAD_IN_MB is {payload!r}: it must be an integer")
        return cls(batch, int(payload) if payload else None)

    @property
    def largest_body(self) -> int:
        """The largest request body in bytes.

        SageMaker checks the limit of batch transform itself; this limit protects the memory.
        """
        return MAX_TRANSFORM_MB * MEGABYTE if self.batch else MAX_REAL_TIME_BYTES

    def execution_parameters(self) -> dict[str, Any]:
        """Return the response of GET /execution-parameters, which tunes batch transform."""
        payload = self.payload or PAYLOAD
        return {
            "MaxConcurrentTransforms": max(1, min(CONCURRENCY, MAX_TRANSFORM_MB // payload)),
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": payload,
        }
