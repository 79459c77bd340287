"""How large requests may be, and how batch transform should send them."""

import os
from dataclasses import dataclass
from typing import Any

from include.contracts.limits import MAX_REAL_TIME_BYTES, MAX_TRANSFORM_MB, MEGABYTE
from include.image_classification.container import ProgramError

CONCURRENCY = 16
"""Two of the server's batches: one is computed while the other comes in."""

PAYLOAD = 6


@dataclass(frozen=True)
class Limits:
    """Of a server: whether it answers batch transform, and the payload that this has set in MB."""

    batch: bool
    payload: int | None = None

    @classmethod
    def from_environment(cls) -> "Limits":
        """Read SAGEMAKER_BATCH and SAGEMAKER_MAX_PAYLOAD_IN_MB, as SageMaker sets them.

        Raises:
            ProgramError: The payload is no number of megabytes.
        """
        batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"
        payload = os.environ.get("SAGEMAKER_MAX_PAYLOAD_IN_MB") or None
        if payload is not None and not payload.isdecimal():
            raise ProgramError(
                f"SAGEMAKER_MAX_PAYLOAD_IN_MB is {payload!r}: it must be a whole number"
            )
        return cls(batch, int(payload) if payload else None)

    @property
    def largest_body(self) -> int:
        """In bytes. Batch transform's own limit is its own to keep; here is where memory ends."""
        return MAX_TRANSFORM_MB * MEGABYTE if self.batch else MAX_REAL_TIME_BYTES

    def execution_parameters(self) -> dict[str, Any]:
        """What GET /execution-parameters answers: what makes a batch transform fast."""
        payload = self.payload or PAYLOAD
        return {
            "MaxConcurrentTransforms": max(1, min(CONCURRENCY, MAX_TRANSFORM_MB // payload)),
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": payload,
        }
