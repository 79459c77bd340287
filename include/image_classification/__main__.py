"""Entry point of the container: `python -m include.image_classification <command> [flags]`."""

import importlib
import logging
import sys
import traceback
from collections.abc import Sequence

from include.contracts.commands import Command
from include.image_classification.container import CommandError, write_failure

COMMANDS: dict[str, str] = {
    Command.FETCH: "fetching.fetch",
    Command.REFRESH: "dataset.refresh",
    Command.IM2REC: "conversion.im2rec",
    Command.TRAIN: "training.train",
    Command.SERVE: "serving.serve",
    Command.EVALUATE: "evaluation.evaluate",
    Command.SELECT: "selection.select",
    Command.REPORT: "reporting.report",
    Command.WEIGHTS: "training.pretrained.catalogue.weights",
}
NO_JOBS = frozenset({Command.WEIGHTS})
"""Commands that users run; they have no folder of a job to write a failure to."""

USAGE = f"usage: python -m include.image_classification {{{','.join(COMMANDS)}}} [flags]"


def main(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names and return the exit status.

    A CommandError is printed to stderr as one line, any other exception as a traceback. In both
    cases a job's reason is written for SageMaker and the status is 1. For an unknown command it is
    2.
    """
    if arguments and arguments[0] in {"-h", "--help"}:
        print(USAGE)
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        print(USAGE, file=sys.stderr)
        return 2
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        _run(arguments[0], list(arguments[1:]))
    except CommandError as error:
        _report(arguments[0], str(error))
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        traceback.print_exc()
        _report(arguments[0], f"{type(error).__name__}: {error}")
        return 1
    return 0


def _run(command: str, flags: list[str]) -> None:
    # Other commands are not imported: MXNet alone takes 1.5 s and much memory.
    module = importlib.import_module(f"include.image_classification.{COMMANDS[command]}")
    module.main(flags)


def _report(command: str, reason: str) -> None:
    if command not in NO_JOBS:
        write_failure(reason)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
