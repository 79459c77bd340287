"""The command line's options."""

import argparse
import os
from ipaddress import IPv4Address
from pathlib import Path

from include.local_aws.settings import LOOPBACK, PORT, Settings

_DESCRIPTION = """\
AWS on one machine, without Docker: S3, and a SageMaker whose jobs and endpoints really run.

It serves until Ctrl-C. A browser shows at its port what runs, with logs."""
_EPILOG = """\
IMAGES says which program stands for which image, here and nowhere else:
  {"123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1":
    {"entrypoint": ["python", "/home/me/mine/entry.py"], "environment": {"PYTHONPATH": "/home/me"}}}

python -m include.local_aws doctor --help: whether this machine can run it, and how well
docs/local_aws.md: a job that is not about images; backing up, moving, upgrading"""


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """What jobs may take of the machine, and logs of its disk."""
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many instances of jobs run at once, as many as there are processors unless "
        "said; the others wait in the order in which they came",
    )
    parser.add_argument(
        "--memory",
        type=_positive,
        metavar="MB",
        help="what all jobs may hold together, three quarters of the machine's memory unless "
        "said; beyond it the job furthest above its share, MB / N an instance, is ended",
    )
    parser.add_argument(
        "--keep-days",
        type=_positive,
        default=Settings.keep_days,
        metavar="N",
        help="logs are removed so long after their last line, %(default)s unless said",
    )
    parser.add_argument(
        "--keep-logs",
        type=_positive,
        default=Settings.keep_logs >> 20,
        metavar="MB",
        help="what all logs may take, %(default)s unless said; beyond it the oldest are removed, "
        "but none of what runs",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


def options_parser() -> argparse.ArgumentParser:
    """The parser of what `python -m include.local_aws` takes."""
    parser = argparse.ArgumentParser(
        prog="python -m include.local_aws",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", type=Path, required=True, help="where all state is kept")
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        help=f"everything but S3 answers here, {PORT} unless said",
    )
    parser.add_argument("--images", type=Path, required=True, help="JSON: image URI to program")
    parser.add_argument("--s3-port", type=_port, help="S3 answers here; else wherever is free")
    parser.add_argument(
        "--bind",
        type=IPv4Address,
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"the IPv4 address to listen on, {LOOPBACK} unless said; 0.0.0.0 is all of them",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which clients may call, the first is announced; more may follow",
    )
    parser.add_argument(
        "--bucket",
        action="append",
        default=[],
        metavar="NAME",
        help="make this bucket unless it is there; more may follow",
    )
    _add_limits(parser)
    parser.add_argument("--json", action="store_true", help="say `ready` as one line of JSON")
    return parser
