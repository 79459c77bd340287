"""`python -m tests.include.local_aws.kills --rounds 200`: kill -9 in a loop, under load.

Exits with 1 when something that was acknowledged is lost, or something ran twice.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.include.local_aws.kills.loop import Loop


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="how many times it is killed")
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept; else none is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as scratch:
        loop = Loop(options.folder or Path(scratch))
        try:
            loop.run(options.rounds)
        finally:
            print(loop.report, flush=True)
    return 1 if loop.report.done.violations else 0


if __name__ == "__main__":
    sys.exit(main())
