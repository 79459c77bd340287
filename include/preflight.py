"""`python -m include.preflight`: what would a night stumble over, and how is it mended?

Looks at the installation (Variables, login, region, bucket, role, image) and at each pipeline
(YAML, writing to its folder, endpoint's name, SageMaker's limits on all requests, instance quotas).
AWS is asked with boto3's own credentials, where the DAG `preflight` asks with Airflow's. Exits with
1 if something would fail, else with 0.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from include.config import pipeline_files
from include.config.deployment import SETTINGS
from include.decisions.preflight import (
    Finding,
    Quotas,
    check_installation,
    check_pipeline,
    failures,
    table,
)

INSTALLATION = "installation"
STATUSES = ("ok", "failed", "unknown")


def main(arguments: list[str] | None = None) -> int:
    """Print what was found; return 1 where something would fail, else 0."""
    options = _parser().parse_args(arguments)
    settings = {each.variable: getattr(options, each.variable) for each in SETTINGS}
    quotas = Quotas(aws_client)
    found = {INSTALLATION: check_installation(aws_client, settings)}
    for name in options.pipeline or sorted(pipeline_files()):
        found[name] = check_pipeline(aws_client, settings, name, quotas)
    if options.json:
        print(json.dumps({name: [asdict(each) for each in part] for name, part in found.items()}))
    else:
        _show(found)
    return int(any(failures(part) for part in found.values()))


@cache
def aws_client(service: str) -> Any:
    """Return a boto3 client, by the environment, the profile or the machine's role."""
    import boto3
    from botocore.config import Config

    # A person waits for the answer: a service that is away is told within seconds.
    limits = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
    return boto3.client(service, config=limits)


def _show(found: Mapping[str, list[Finding]]) -> None:
    for name, part in found.items():
        print(f"{name}\n")
        print("\n".join(table(part)))
        print()
    every = [each for part in found.values() for each in part]
    counts = {status: sum(each.status == status for each in every) for status in STATUSES}
    print(", ".join(f"{count} {status}" for status, count in counts.items()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.preflight",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pipeline", action="append", metavar="NAME", help="this one; more may follow; else all"
    )
    parser.add_argument("--json", action="store_true", help="say it as one line of JSON")
    for setting in SETTINGS:
        variable = f"AIRFLOW_VAR_{setting.variable.upper()}"
        parser.add_argument(
            f"--{setting.variable.replace('_', '-')}",
            default=os.environ.get(variable, ""),
            metavar="VALUE",
            help=f"the Airflow Variable {setting.variable}; left out, {variable}",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
