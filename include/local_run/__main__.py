"""The command line: `python -m include.local_run run|predict|draw|check`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from include.common.closed_stdout import run_command
from include.local_run.errors import RunError

if TYPE_CHECKING:
    from include.local_run.project_paths import ProjectPaths

STARTED = time.time()


def main(arguments: list[str] | None = None) -> int:
    """Run a command; an error is printed as one line on stderr and sets the exit status.

    That is so for the user's mistakes, and for files that cannot be read or written.
    """
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except RunError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        if error.filename is None:
            raise
        print(f"ERROR: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return status


def _run(options: argparse.Namespace) -> int:
    from include.local_run.command import RunOptions, run
    from include.local_run.run_plan import RunRequest
    from include.local_run.stack import Ports

    started_at = options.started_at if options.started_at is not None else STARTED
    install = options.install_seconds
    return run(
        RunOptions(
            request=RunRequest(options.pipeline, options.data, options.classes, options.seed),
            ports=Ports(options.ui_port, options.aws_port),
            once=options.once,
            started=started_at,
            install=max(0.0, STARTED - started_at) if install is None else install,
        ),
        _paths(options),
    )


def _paths(options: argparse.Namespace) -> ProjectPaths:
    from include.local_run.project_paths import ProjectPaths

    return ProjectPaths(state=options.local and options.local.absolute())


def _check(options: argparse.Namespace) -> int:
    from include.local_run.run_plan import RunRequest, plan_run

    request = RunRequest(options.pipeline, options.data, options.classes, options.seed)
    plan = plan_run(request, _paths(options))
    source = f"drawn cars, seed {plan.seed}" if plan.drawn else plan.files.folder
    print(f"pipeline {plan.pipeline.name}, layout {plan.files.layout}: {source}")
    for line in plan.files.explanation():
        print(line)
    for name in plan.files.ignored_files:
        print(f"not uploaded: {name}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from include.local_run.predict import predict

    return predict(options.image, options.pipeline, _paths(options))


def _draw(options: argparse.Namespace) -> int:
    from include.local_run.drawing import draw_cars

    cars = draw_cars(options.folder, options.seed, options.per_class)
    print(f"{cars.folder}: cars_train.tgz, car_devkit.tgz, {len(cars.incoming)} new photos")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.local_run", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="run|predict|draw|check")
    run = commands.add_parser(
        "run", help="start the local AWS and Airflow, run the five DAGs, print the results"
    )
    _add_request(run)
    _add_stack(run)
    run.set_defaults(command=_run)
    check = commands.add_parser("check", help="print the pipeline and data that `run` would use")
    _add_request(check)
    check.set_defaults(command=_check)
    predict = commands.add_parser("predict", help="classify a photo with the running endpoint")
    predict.add_argument("--image", type=Path, required=True, help="a JPEG or PNG file")
    predict.add_argument("--pipeline", help="pipeline of the endpoint (default: the running one)")
    predict.set_defaults(command=_predict)
    for command in (run, check, predict):
        command.add_argument("--local", type=Path, help="folder of all state (default: .local)")
    draw = commands.add_parser("draw", help="draw the default data set, and nothing else")
    draw.add_argument("--folder", type=Path, required=True, help="folder to create")
    draw.add_argument("--seed", type=_seed, default=0, help="seed of the drawn cars")
    draw.add_argument("--per-class", type=int, default=60, help="photos for each class")
    draw.set_defaults(command=_draw)
    return parser


def _add_request(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, help="a folder of photos (default: drawn cars)")
    add("--pipeline", default="stanford_cars", help="name or YAML file of a pipeline")
    add("--classes", help="the first N classes, or names or 1-based numbers, separated by commas")
    add("--seed", type=_seed, help="seed of the drawn cars (default: 0)")


def _add_stack(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--once", action="store_true", help="stop everything after printing the results")
    add("--ui-port", type=int, default=_port("UI_PORT", 8080), help="port of Airflow's UI")
    add("--aws-port", type=int, default=_port("AWS_PORT", 4566), help="port of the local AWS")
    add("--started-at", type=float, help="when `make run` started, as a Unix timestamp")
    add("--install-seconds", type=float, help="seconds that the installation took")


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no seed: give 0, 1, 2, ...")
    return int(text)


def _port(variable: str, default: int) -> int | str:
    return os.environ.get(variable) or default


if __name__ == "__main__":
    sys.exit(run_command(main))
