"""`python -m include.local_aws doctor`: will it run on this machine, and how well?"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from include.local_aws.cli.doctor.machine import examine_machine
from include.local_aws.cli.doctor.place import examine_place
from include.local_aws.settings import PORT


def main(arguments: list[str]) -> int:
    """Print what was found; 0 when the server can run, 1 when something is in its way."""
    options = _parser().parse_args(arguments)
    place = examine_place(options.root.absolute(), options.port, options.images)
    findings = [*examine_machine(), *place]
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for each in findings:
            print(f"{each.verdict:4}  {each.subject}: {each.found}\n      {each.meaning}")
    return int(any(finding.verdict == "bad" for finding in findings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.local_aws doctor", description=__doc__)
    parser.add_argument(
        "--root", type=Path, default=Path("local-aws"), help="where all state is to be kept"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"its port, {PORT} unless said")
    parser.add_argument("--images", type=Path, help="the image registry, to look at its programs")
    parser.add_argument("--json", action="store_true", help="say it as one line of JSON")
    return parser
