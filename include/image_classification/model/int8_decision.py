"""Decision whether to serve a model's int8 form: made after training, stored with the model."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from include.image_classification.container import CommandError

PREFIX = "int8"
"""Prefix of `int8-symbol.json` and `int8-0000.params`, which the built-in algorithm ignores."""

EPOCH = 0
SYMBOL, PARAMETERS = f"{PREFIX}-symbol.json", f"{PREFIX}-{EPOCH:04d}.params"
FILES = (SYMBOL, PARAMETERS)
RECORD = "int8.json"
ALLOWED_LOSS = 0.005
"""The largest allowed loss of top-1 accuracy on the validation channel."""

PROCESSOR_FLAGS = {"avx512_vnni", "avx_vnni"}
"""Instructions with which int8 is about three times as fast. Without them it is not faster."""

CPU_INFO = Path("/proc/cpuinfo")
"""The file in which Linux lists the processor's flags."""


@dataclass(frozen=True)
class Decision:
    """The decision and its measurements: top-1 on `images` validation images, and the speed-up."""

    served: bool
    reason: str
    float32_top1: float | None = None
    int8_top1: float | None = None
    images: int = 0
    calibration_images: int = 0
    speed_ratio: float | None = None

    def write(self, folder: Path) -> None:
        """Write the decision atomically into a model's folder. Write the int8 files before."""
        unfinished = folder / f"{RECORD}.unfinished"
        unfinished.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        unfinished.rename(folder / RECORD)


def decide(
    correct: tuple[int, int], images: int, calibration_images: int, speed_ratio: float
) -> Decision:
    """Decide whether int8 is accurate and fast enough.

    Args:
        correct: The number of images that float32 and int8 classify correctly.
        images: The number of validation images.
        calibration_images: The number of calibration images.
        speed_ratio: The speed of int8, as a multiple of the speed of float32.
    """
    float32, int8 = (count / images for count in correct)
    # Counts are compared, since the difference of two rounded shares is inexact.
    lost = correct[0] - correct[1]
    accurate = lost <= ALLOWED_LOSS * images + 1e-9
    points = f"int8 loses {lost / images * 100:.2f} percentage points of top-1 accuracy"
    if not accurate:
        reason = f"{points}, more than the allowed {ALLOWED_LOSS * 100:g}"
    elif speed_ratio <= 1:
        reason = f"int8 is not faster: {speed_ratio:.2f} times the speed of float32"
    else:
        reason = f"{points}, and has {speed_ratio:.2f} times the speed of float32"
    served = accurate and speed_ratio > 1
    return Decision(
        served, reason, float32, int8, images, calibration_images, round(speed_ratio, 3)
    )


def is_served(folder: Path) -> bool:
    """Return whether the model in a folder has an accepted int8 form.

    Raises:
        CommandError: int8.json is damaged, or an int8 file is missing.
    """
    path = folder / RECORD
    if not path.exists():
        return False
    try:
        served = json.loads(path.read_text("utf-8"))["served"]
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{path} is damaged: it lacks `served`; train again") from None
    missing = [name for name in FILES if not (folder / name).is_file()]
    if served is True and missing:
        raise CommandError(
            f"{path} declares an int8 model, but {', '.join(missing)} is missing: train again"
        )
    return served is True


def discard(folder: Path) -> None:
    """Delete a model's int8 form, the decision first."""
    for name in (RECORD, *FILES):
        (folder / name).unlink(missing_ok=True)


def has_int8_instructions() -> bool:
    """Return whether this processor has the instructions that make int8 fast (VNNI)."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not PROCESSOR_FLAGS.isdisjoint(flags.split())
