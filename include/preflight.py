"""Check an installation before its first run: `python -m include.preflight`.

Checks the installation (Variables, credentials, region, bucket, role, image) and each pipeline
(YAML, write permission, endpoint name, SageMaker's limits on all requests, instance quotas), and
prints each finding with its fix. This command uses boto3's default credentials; the DAG `preflight`
uses Airflow's connection. The exit status is 1 if a check fails, else 0.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from include.common.closed_stdout import run_command
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
    """Print the findings; return 1 if a check failed, else 0."""
    options = _parser().parse_args(arguments)
    settings = {setting.variable: getattr(options, setting.variable) for setting in SETTINGS}
    quotas = Quotas(aws_client)
    findings = {INSTALLATION: check_installation(aws_client, settings)}
    for name in options.pipeline or sorted(pipeline_files()):
        findings[name] = check_pipeline(aws_client, settings, name, quotas)
    if options.json:
        content = {name: list(map(asdict, part)) for name, part in findings.items()}
        print(json.dumps(content))
    else:
        _show(findings)
    return int(any(failures(part) for part in findings.values()))


@cache
def aws_client(service: str) -> Any:
    """Return a boto3 client with credentials of the environment, profile or instance role."""
    import boto3
    from botocore.config import Config

    # A user waits for the result: an unreachable service is reported within seconds.
    limits = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
    return boto3.client(service, config=limits)


def _show(findings: Mapping[str, list[Finding]]) -> None:
    for name, part in findings.items():
        print(f"{name}\n")
        print("\n".join(table(part)))
        print()
    counts: Counter[str] = Counter(finding.status for part in findings.values() for finding in part)
    print(", ".join(f"{counts[status]} {status}" for status in STATUSES))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.preflight",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pipeline",
        action="append",
        metavar="NAME",
        help="a pipeline; can be repeated; default: all",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the findings as one line of JSON"
    )
    for setting in SETTINGS:
        variable = f"AIRFLOW_VAR_{setting.variable.upper()}"
        parser.add_argument(
            f"--{setting.variable.replace('_', '-')}",
            default=os.environ.get(variable, ""),
            metavar="VALUE",
            help=f"the Airflow Variable {setting.variable}; default: ${variable}",
        )
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
