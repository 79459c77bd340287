"""`make bench`: measure what the README claims, against peers in the same run."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.conversion import im2rec
from benchmarks.pairs import Ratio

BENCHMARKS = {"im2rec": im2rec}
RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run all benchmarks, write `results.json` and print it as a table."""
    results: dict[str, Ratio] = {}
    for name, benchmark in BENCHMARKS.items():
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            results[name] = benchmark(Path(folder))
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    _print(results)


def _print(results: dict[str, Ratio]) -> None:
    table = Table("benchmark", "ours", "peer", "ratio", "unit", "peer is")
    for name, row in results.items():
        figures = (str(row["ours"]), str(row["peer"]), str(row["ratio"]))
        table.add_row(name, *figures, row["unit"], row["peer_is"])
    Console().print(table)


if __name__ == "__main__":
    main()
