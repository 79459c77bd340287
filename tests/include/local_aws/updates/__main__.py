"""Update an endpoint of the local AWS under load.

Usage: `python -m tests.include.local_aws.updates --rounds 20`. Each round deploys a good model and
then a bad one, which must be rolled back. The exit status is 1 if a request fails or an update does
not end as expected.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.include.local_aws.updates.loop import UpdateLoop


def main() -> int:
    """Run the rounds and print the report.

    Returns:
        The exit status: 1 if there are violations, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=20, help="number of good models, and of bad models"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="updates-") as temporary:
        report = UpdateLoop(Path(temporary)).run(options.rounds)
    print(report)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
