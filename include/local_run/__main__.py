"""The command line: `python -m include.local_run run|predict|draw|check`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from include.local_run.errors import RunError

if TYPE_CHECKING:
    from include.local_run.project_paths import Places

BEGAN = time.time()


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; what may go wrong becomes one line on stderr and an exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except RunError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return error.status
    return status


def _run(options: argparse.Namespace) -> int:
    from include.local_run.command import RunOptions, run
    from include.local_run.run_plan import Wishes
    from include.local_run.stack import Ports

    started = options.started_at if options.started_at is not None else BEGAN
    install = options.install_seconds
    return run(
        RunOptions(
            wishes=Wishes(options.pipeline, options.data, options.classes, options.seed),
            ports=Ports(options.ui_port, options.aws_port),
            once=options.once,
            started=started,
            install=max(0.0, BEGAN - started) if install is None else install,
        ),
        _places(options),
    )


def _places(options: argparse.Namespace) -> Places:
    from include.local_run.project_paths import Places

    return Places(state=options.local and options.local.absolute())


def _check(options: argparse.Namespace) -> int:
    from include.local_run.run_plan import Wishes, assign

    wishes = Wishes(options.pipeline, options.data, options.classes, options.seed)
    assignment = assign(wishes, _places(options))
    source = f"drawn cars, seed {assignment.seed}" if assignment.drawn else assignment.files.folder
    print(f"pipeline {assignment.pipeline.name}, layout {assignment.files.layout}: {source}")
    for name in assignment.files.left_alone:
        print(f"left alone: {name}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from include.local_run.predict import predict

    return predict(options.image, options.pipeline, _places(options))


def _draw(options: argparse.Namespace) -> int:
    from include.local_run.drawing import draw_cars

    cars = draw_cars(options.folder, options.seed, options.per_class)
    print(f"{cars.folder}: cars_train.tgz, car_devkit.tgz, {len(cars.incoming)} new photos")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.local_run", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="run|predict|draw|check")
    run = commands.add_parser("run", help="start everything, run the five DAGs, show the results")
    _add_wishes(run)
    _add_stack(run)
    run.set_defaults(command=_run)
    check = commands.add_parser("check", help="say what `run` would work on, and start nothing")
    _add_wishes(check)
    check.set_defaults(command=_check)
    predict = commands.add_parser("predict", help="ask the live endpoint what a photo shows")
    predict.add_argument("--image", type=Path, required=True, help="a JPEG or PNG file")
    predict.add_argument("--pipeline", help="whose endpoint; left out, the running pipeline's")
    predict.set_defaults(command=_predict)
    for command in (run, check, predict):
        command.add_argument("--local", type=Path, help="where all state goes; left out, .local")
    draw = commands.add_parser("draw", help="only draw the out-of-the-box data set")
    draw.add_argument("--folder", type=Path, required=True, help="made by this command")
    draw.add_argument("--seed", type=int, default=0, help="another seed gives other cars")
    draw.add_argument("--per-class", type=int, default=60, help="photos of each kind")
    draw.set_defaults(command=_draw)
    return parser


def _add_wishes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, help="your own folder of photos; left out, cars are drawn")
    add("--pipeline", default="stanford_cars", help="a pipeline's name or a YAML file")
    add("--classes", help="the first N classes, or names or 1-based numbers, by commas")
    add("--seed", type=int, default=0, help="of the drawn cars")


def _add_stack(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--once", action="store_true", help="end everything after the results")
    add("--ui-port", type=int, default=_port("UI_PORT", 8080), help="Airflow's UI")
    add("--aws-port", type=int, default=_port("AWS_PORT", 4566), help="the local AWS")
    add("--started-at", type=float, help="when the whole command began, in epoch seconds")
    add("--install-seconds", type=float, help="how much of it installing took")


def _port(variable: str, default: int) -> int | str:
    return os.environ.get(variable) or default


if __name__ == "__main__":
    sys.exit(main())
