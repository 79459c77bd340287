"""Options of the command line."""

import argparse
import os
import re
from ipaddress import IPv4Address
from pathlib import Path

from include.local_aws.settings import LOOPBACK, PORT, Settings

_DESCRIPTION = """\
A local AWS without Docker: S3, and SageMaker with jobs and endpoints that run as processes.

It serves until Ctrl-C. Open its port in a browser for a status page with logs."""
_EPILOG = """\
IMAGES is a JSON file that maps image URIs to local programs:
  {"123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1":
    {"entrypoint": ["python", "/home/me/mine/entry.py"], "environment": {"PYTHONPATH": "/home/me"}}}

python -m include.local_aws doctor --help: check whether this computer can run it
docs/local_aws.md: an example for another project; backup, moving, upgrades"""


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the limits of jobs and logs."""
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="number of job instances that run at the same time (default: the number of "
        "processors); other jobs wait in the order of their creation",
    )
    parser.add_argument(
        "--memory",
        type=_positive,
        metavar="MB",
        help="memory limit of all jobs together (default: three quarters of the memory); above "
        "it, the job that exceeds its share of MB / N per instance most is stopped",
    )
    parser.add_argument(
        "--keep-days",
        type=_positive,
        default=Settings.keep_days,
        metavar="N",
        help="days after their last line at which logs are deleted (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-logs",
        type=_positive,
        default=Settings.keep_logs >> 20,
        metavar="MB",
        help="size limit of all logs (default: %(default)s); above it, the oldest are deleted, "
        "except those of running jobs and endpoints",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s\"'<>]+", text):
        raise ValueError
    return text


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m include.local_aws`."""
    parser = argparse.ArgumentParser(
        prog="python -m include.local_aws",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", type=Path, required=True, help="folder of all state")
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        help=f"port of all services but S3 (default: {PORT})",
    )
    parser.add_argument("--images", type=Path, required=True, help="JSON file, see below")
    parser.add_argument("--s3-port", type=_port, help="port of S3 (default: a free port)")
    parser.add_argument(
        "--bind",
        type=IPv4Address,
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"IPv4 address to listen on (default: {LOOPBACK}); 0.0.0.0 means all addresses",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="host name that clients may use; can be repeated, the first one is announced",
    )
    parser.add_argument(
        "--bucket",
        action="append",
        default=[],
        metavar="NAME",
        help="bucket to create unless it exists; can be repeated",
    )
    parser.add_argument(
        "--airflow-url",
        type=_web_address,
        metavar="URL",
        help="URL of the Airflow whose tasks submit jobs with the tag sagemaker-jobs:task: the "
        "status page links to them",
    )
    _add_limits(parser)
    parser.add_argument("--json", action="store_true", help="print one line of JSON when ready")
    return parser
