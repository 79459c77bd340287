"""`python -m tests.include.local_aws.updates --rounds 20`: update an endpoint under load.

Each round brings a good model in, and after it a bad one, which must be rolled back. Exits with 1
when a request fails, or an update does not end as it must.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.include.local_aws.updates.loop import Loop


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how many good models, and bad")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="updates-") as scratch:
        report = Loop(Path(scratch)).run(options.rounds)
    print(report)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
