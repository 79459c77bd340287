"""Whether a model's int8 form answers: decided after training, recorded beside the model."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from include.image_classification.container import ProgramError

PREFIX = "int8"
"""`int8-symbol.json` and `int8-0000.params`: the built-in algorithm's loader ignores them."""

EPOCH = 0
SYMBOL, PARAMETERS = f"{PREFIX}-symbol.json", f"{PREFIX}-{EPOCH:04d}.params"
FILES = (SYMBOL, PARAMETERS)
RECORD = "int8.json"
ALLOWED_LOSS = 0.005
"""How much top-1 accuracy on the validation channel int8 may lose."""

# What computes int8 three times as fast; without it int8 is no gain, and rounds differently.
PROCESSOR_FLAGS = {"avx512_vnni", "avx_vnni"}
CPU_INFO = Path("/proc/cpuinfo")
"""Where Linux names the processor's flags."""


@dataclass(frozen=True)
class Decision:
    """What was measured: top-1 on `images` validation images, and how many times as fast it is."""

    served: bool
    reason: str
    float32_top1: float | None = None
    int8_top1: float | None = None
    images: int = 0
    calibration_images: int = 0
    speed_ratio: float | None = None

    def write(self, folder: Path) -> None:
        """Record it in a model's folder. It is whole or not there, and written last."""
        unfinished = folder / f"{RECORD}.unfinished"
        unfinished.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        unfinished.rename(folder / RECORD)


def decide(
    right: tuple[int, int], images: int, calibration_images: int, speed_ratio: float
) -> Decision:
    """Decide by how many of the images float32 and int8 recognise, and by the gain."""
    float32, int8 = (count / images for count in right)
    # In images: a difference of two rounded shares must not decide.
    lost = right[0] - right[1]
    within = lost <= ALLOWED_LOSS * images + 1e-9
    points = f"{lost / images * 100:.2f} points of top-1 are lost"
    if not within:
        reason = f"{points}, more than {ALLOWED_LOSS * 100:g}"
    elif speed_ratio <= 1:
        reason = f"it is no gain: {speed_ratio:.2f} times as fast as float32"
    else:
        reason = f"{points}, and it is {speed_ratio:.2f} times as fast as float32"
    served = within and speed_ratio > 1
    return Decision(
        served, reason, float32, int8, images, calibration_images, round(speed_ratio, 3)
    )


def is_served(folder: Path) -> bool:
    """Whether the model in a folder was found to be as good in int8, and both files are there.

    Raises:
        ProgramError: the record is damaged, or a file that it speaks of is missing.
    """
    path = folder / RECORD
    if not path.exists():
        return False
    try:
        served = json.loads(path.read_text("utf-8"))["served"]
    except (ValueError, KeyError, TypeError):
        raise ProgramError(f"{path} does not say whether int8 is served: train again") from None
    missing = [name for name in FILES if not (folder / name).is_file()]
    if served is True and missing:
        raise ProgramError(f"{path} names the int8 model, but {', '.join(missing)} is missing")
    return served is True


def discard(folder: Path) -> None:
    """Remove a model's int8 form and what was decided about it, the decision first."""
    for name in (RECORD, *FILES):
        (folder / name).unlink(missing_ok=True)


def has_int8_instructions() -> bool:
    """Whether this machine's processor computes int8 faster than float32."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not PROCESSOR_FLAGS.isdisjoint(flags.split())
