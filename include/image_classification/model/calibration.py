"""Calibration of a model's probabilities: the temperature in its last layer, and its effect."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from include.image_classification.model.model_files import UNFINISHED

RECORD = "calibration.json"
"""The file in the model folder; the built-in algorithm has no such file."""


@dataclass(frozen=True)
class Calibration:
    """A temperature, and the model's figures on the images that it was fitted to.

    The stored model returns softmax(logits / temperature), since weights and bias of its last layer
    are divided by the temperature. Figures that end in `_unscaled` are those of softmax(logits).

    Attributes:
        temperature: Above 0; 1 if none was fitted.
        reason: Why no temperature was fitted; None if one was.
        images: The number of validation images.
        cross_entropy: The mean negative log likelihood of the true classes, in nats; None if some
            logits were not finite.
        calibration_error: The expected calibration error, from 0 to 1; None likewise.
    """

    temperature: float
    reason: str | None
    images: int
    cross_entropy_unscaled: float | None = None
    cross_entropy: float | None = None
    calibration_error_unscaled: float | None = None
    calibration_error: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the content of calibration.json."""
        return asdict(self)

    def write(self, folder: Path) -> None:
        """Write calibration.json atomically into a model's folder."""
        unfinished = folder / f"{RECORD}{UNFINISHED}"
        unfinished.write_text(json.dumps(self.as_json(), indent=1), encoding="utf-8")
        unfinished.rename(folder / RECORD)

    def __str__(self) -> str:
        """Return the calibration as a line of the log."""
        if self.reason is not None:
            return f"The probabilities are not calibrated: {self.reason}"
        return (
            f"The probabilities are calibrated with temperature {self.temperature:.4f}, fitted to "
            f"{self.images} validation images: cross-entropy {self.cross_entropy_unscaled:.4f} -> "
            f"{self.cross_entropy:.4f}, calibration error {self.calibration_error_unscaled:.4f} -> "
            f"{self.calibration_error:.4f}"
        )
