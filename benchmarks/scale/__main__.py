"""`python -m benchmarks.scale <stage>... --images N`: measure, and update docs/scale.md."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import processor
from benchmarks.scale.stages import STAGES
from benchmarks.scale.table import Measured, insert, markdown

RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = Path(__file__).parents[2] / "docs" / "scale.md"


def main() -> None:
    """Measure the stages, keep the figures in results.json, and write all into the document."""
    flags = _parse()
    measured: list[Measured] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    for stage in flags.stages:
        with tempfile.TemporaryDirectory(prefix="scale-", dir=flags.folder) as folder:
            for name, figures in STAGES[stage](Path(folder), flags.images).items():
                row = Measured(
                    stage=name, images=flags.images, processor=processor(), figures=dict(figures)
                )
                measured = _with(measured, row)
                print(f"{name}: {json.dumps(figures)}", flush=True)
        RESULTS.write_text(json.dumps(measured, indent=1) + "\n")
    DOCUMENT.write_text(insert(DOCUMENT.read_text(), markdown(measured)))
    print(markdown(measured))


def _with(measured: Sequence[Measured], row: Measured) -> list[Measured]:
    """Return the rows with a new one, in the place of an earlier one of its stage and number."""
    rows = {(old["stage"], old["images"]): old for old in measured}
    rows[row["stage"], row["images"]] = row
    return list(rows.values())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=__doc__)
    parser.add_argument("stages", nargs="*", choices=[*STAGES, []], metavar="stage")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--folder", help="where the inputs are written, by default TMPDIR")
    return parser.parse_args()


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    main()
