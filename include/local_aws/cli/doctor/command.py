"""Check whether this computer can run the local AWS, and which limitations it has."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from include.local_aws.cli.doctor.host import examine_host
from include.local_aws.cli.doctor.startup import examine_startup
from include.local_aws.settings import PORT


def main(arguments: list[str]) -> int:
    """Print the findings; return 0 if the server can run, else 1."""
    options = _parser().parse_args(arguments)
    startup = examine_startup(options.root.absolute(), options.port, options.images)
    findings = [*examine_host(), *startup]
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            print(f"{finding.verdict:4}  {finding.subject}: {finding.found}")
            print(f"      {finding.meaning}")
    return int(any(finding.verdict == "bad" for finding in findings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.local_aws doctor", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("local-aws"), help="folder of all state")
    parser.add_argument("--port", type=int, default=PORT, help=f"port to check (default: {PORT})")
    parser.add_argument("--images", type=Path, help="image registry, to check its programs")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    return parser
