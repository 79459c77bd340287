"""`python -m include.local_aws`: see `cli/main.py`."""

import sys

from include.local_aws.cli.closed_stdout import run_command
from include.local_aws.cli.main import main

if __name__ == "__main__":
    sys.exit(run_command(main))
