"""Kill the local AWS with `kill -9` in a loop, under load.

Usage: `python -m tests.include.local_aws.kills --rounds 200`. The exit status is 1 if anything that
the server acknowledged is lost, or if a job runs twice.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.include.local_aws.kills.loop import KillLoop


def main() -> int:
    """Run the rounds and print the report.

    Returns:
        The exit status: 1 if there are violations, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="number of kills under load")
    parser.add_argument(
        "--folder",
        type=Path,
        help="empty folder for the state, kept afterwards (default: a temporary folder)",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        loop = KillLoop(options.folder or Path(temporary))
        try:
            loop.run(options.rounds)
        finally:
            print(loop.report, flush=True)
    return 1 if loop.report.record.violations else 0


if __name__ == "__main__":
    sys.exit(main())
