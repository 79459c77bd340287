"""`python -m tests.kill_matrix`: kill -9 on each part of Airflow and on the local AWS.

Exits with 1 when a run does not end well after a kill, has a job too many, or loses a result.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from include.local_run.drive.progress_display import ProgressDisplay
from tests.kill_matrix.cases import Case, chosen
from tests.kill_matrix.invariants import Outcome
from tests.kill_matrix.night import Missed, Night, Row, Stuck
from tests.kill_matrix.table import page

MOST_RUNS = 8
"""How many runs a case may take until one is killed at its moment."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill_matrix", description=__doc__)
    parser.add_argument("--only", nargs="+", default=(), metavar="CASE", help="or its beginning")
    parser.add_argument(
        "--table", type=Path, help="the Markdown file to write; --only keeps its other rows"
    )
    parser.add_argument("--folder", type=Path, help="a new folder that is kept; else none is")
    parser.add_argument("--list", action="store_true", help="say what cases there are")
    options = parser.parse_args()
    try:
        cases = chosen(options.only)
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        print("\n".join(f"{c.name}: {c.victim.words} {c.moment.words}" for c in cases))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="kill-matrix-") as scratch:
        try:
            page_file = options.table if options.only else None
            earlier = page_file.read_text() if page_file and page_file.exists() else ""
            return _run(cases, options.folder or Path(scratch), options.table, earlier)
        except KeyboardInterrupt:
            return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(cases: Sequence[Case], folder: Path, table: Path | None, earlier: str) -> int:
    display, rows, undisturbed = ProgressDisplay(time.time()), list[Row](), dict[str, float]()
    left, nights = list(cases), 0
    while left:
        nights += 1
        with Night(folder.absolute() / f"night-{nights}", display) as night:
            undisturbed = undisturbed or night.undisturbed
            try:
                while left:
                    rows.append(_row(night, left[0], display))
                    _tell(rows[-1], display)
                    _write(table, page(rows, undisturbed, earlier))
                    del left[0]
                    night.come_to_rest()
            except Stuck as stuck:  # whatever follows needs another stack
                display.print_line(str(stuck), "red")
                if left and (not rows or rows[-1].case is not left[0]):
                    rows.append(Row(left[0], Outcome(str(stuck), {}, []), 0.0))
                    del left[0]
    text = page(rows, undisturbed, earlier)
    print(text)
    _write(table, text)
    return 1 if any(row.violations for row in rows) else 0


def _row(night: Night, case: Case, display: ProgressDisplay) -> Row:
    """Runs a case until its kill comes at its moment."""
    last = ""
    for _ in range(MOST_RUNS):
        display.print_line(f"{case.name}: {case.family}", "bold")
        try:
            return night.run(case)
        except Missed as error:
            display.print_line(f"missed its moment: {error}", "yellow")
            night.come_to_rest()
            last = str(error)
    return Row(case, Outcome(f"never killed at its moment ({last})", {}, []), 0.0)


def _write(table: Path | None, text: str) -> None:
    if table:
        table.write_text(text)


def _tell(row: Row, display: ProgressDisplay) -> None:
    found = row.violations
    told = f"violated: {'; '.join(found)}" if found else f"well after {row.seconds:.0f} s"
    display.print_line(f"{row.case.name}: {told}", "red" if found else "green")


if __name__ == "__main__":
    sys.exit(main())
