"""`python -m tests.kill_matrix`: kill Airflow's processes and the local AWS with SIGKILL.

It exits with 1 if a run after a kill violates an invariant.
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
from tests.include.image_classification.fetching.mirror import Mirror, mirror
from tests.kill_matrix.cases import Case, select_cases
from tests.kill_matrix.chain_stack import ChainStack, MomentMissedError, Row, StackStuckError
from tests.kill_matrix.invariants import Outcome
from tests.kill_matrix.table import page

MAX_RUNS = 8
"""The number of runs of a case until a kill comes at its moment."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill_matrix", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="CASE", help="a case, or the start of its name"
    )
    parser.add_argument(
        "--table", type=Path, help="the Markdown file to write; --only keeps its other rows"
    )
    parser.add_argument(
        "--folder", type=Path, help="a new folder for all state; default: a temporary folder"
    )
    parser.add_argument("--list", action="store_true", help="list the cases")
    options = parser.parse_args()
    try:
        cases = select_cases(options.only)
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        print("\n".join(f"{c.name}: {c.victim.description} {c.moment.description}" for c in cases))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="kill-matrix-") as scratch, mirror() as server:
        try:
            page_file = options.table if options.only else None
            earlier = page_file.read_text() if page_file and page_file.exists() else ""
            folder = options.folder or Path(scratch)
            return _run(cases, folder, options.table, earlier, server)
        except KeyboardInterrupt:
            return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(
    cases: Sequence[Case], folder: Path, table: Path | None, earlier: str, server: Mirror
) -> int:
    display, rows, undisturbed = ProgressDisplay(time.time()), list[Row](), dict[str, float]()
    left, stacks = list(cases), 0
    while left:
        stacks += 1
        with ChainStack(folder.absolute() / f"stack-{stacks}", display, server) as stack:
            undisturbed = undisturbed or stack.undisturbed
            try:
                while left:
                    rows.append(_row(stack, left[0], display))
                    _print(rows[-1], display)
                    _write(table, page(rows, undisturbed, earlier))
                    del left[0]
                    stack.wait_until_idle()
            except StackStuckError as stuck:  # the next case needs a new stack
                display.print_line(str(stuck), "red")
                if left and (not rows or rows[-1].case is not left[0]):
                    rows.append(Row(left[0], Outcome(str(stuck), {}, []), 0.0))
                    del left[0]
    text = page(rows, undisturbed, earlier)
    print(text)
    _write(table, text)
    return 1 if any(row.violations for row in rows) else 0


def _row(stack: ChainStack, case: Case, display: ProgressDisplay) -> Row:
    """Run a case until its kill comes at its moment."""
    last = ""
    for _ in range(MAX_RUNS):
        display.print_line(f"{case.name}: {case.family}", "bold")
        try:
            return stack.run(case)
        except MomentMissedError as error:
            display.print_line(f"missed its moment: {error}", "yellow")
            stack.wait_until_idle()
            last = str(error)
    return Row(case, Outcome(f"never killed at its moment ({last})", {}, []), 0.0)


def _write(table: Path | None, text: str) -> None:
    if table:
        table.write_text(text)


def _print(row: Row, display: ProgressDisplay) -> None:
    found = row.violations
    result = f"violated: {'; '.join(found)}" if found else f"success after {row.seconds:.0f} s"
    display.print_line(f"{row.case.name}: {result}", "red" if found else "green")


if __name__ == "__main__":
    sys.exit(main())
