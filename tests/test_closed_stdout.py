"""Commands end without a traceback when the reader of their output has gone.

local_aws imports nothing of include.common, so both have the same function.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

import pytest

from include.common import closed_stdout
from include.local_aws.cli import closed_stdout as closed_stdout_of_local_aws
from tests.conftest import ROOT

RunCommand = Callable[[Callable[[], int]], int]

COMMANDS = (
    ("include.local_aws", "doctor", "--port", "0"),
    ("include.local_aws", "--help"),
    ("include.local_run", "check"),
    ("include.local_run", "--help"),
    ("include.preflight", "--help"),
)


@pytest.fixture(params=[closed_stdout, closed_stdout_of_local_aws], ids=["common", "local_aws"])
def run_command(request: pytest.FixtureRequest) -> RunCommand:
    function: RunCommand = request.param.run_command
    return function


@contextmanager
def stdout_without_reader() -> Iterator[None]:
    """Replace stdout by a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    with redirect_stdout(os.fdopen(writer, "w")):
        yield


def print_lines() -> int:
    for _ in range(10_000):
        print("a line")
    return 0


def print_and_exit() -> int:
    print("help")
    sys.exit(0)


@pytest.mark.parametrize("main", [print_lines, print_and_exit])
def test_output_without_a_reader_sets_the_exit_status(
    run_command: RunCommand, main: Callable[[], int]
) -> None:
    with stdout_without_reader():
        assert run_command(main) == 141
        sys.stdout.flush()  # as the interpreter does at its exit


def test_the_status_of_a_command_with_a_reader_is_unchanged(run_command: RunCommand) -> None:
    assert run_command(lambda: 3) == 3
    with pytest.raises(SystemExit, match="0"):
        run_command(print_and_exit)


def test_another_closed_pipe_is_an_error(run_command: RunCommand) -> None:
    def write_to_a_closed_socket() -> int:
        raise BrokenPipeError("a socket")

    reader, writer = os.pipe()
    with (
        os.fdopen(reader),
        os.fdopen(writer, "w") as stdout,
        redirect_stdout(stdout),
        pytest.raises(BrokenPipeError, match="a socket"),
    ):
        run_command(write_to_a_closed_socket)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_whose_reader_has_gone_prints_no_traceback(command: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=buffered,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
