"""Command-line flags, whose errors become the failure reason of the job."""

import argparse
import math
from typing import NoReturn

from include.image_classification.container import CommandError


class FlagParser(argparse.ArgumentParser):
    """An ArgumentParser for one command.

    An invalid flag raises CommandError, so that it becomes SageMaker's failure reason; argparse
    would print it to stderr and exit with 2. Abbreviated flags are not allowed, because a new flag
    could change their meaning.
    """

    def __init__(self, command: str, description: str) -> None:
        super().__init__(prog=command, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise the parser's error as a CommandError."""
        raise CommandError(f"{self.prog}: {message}; see {self.prog} --help")


def positive_integer(text: str) -> int:
    """Parse an integer of at least 1, for use as an argparse type."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return number


def positive_number(text: str) -> float:
    """Parse a finite number above 0, for use as an argparse type."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
    return number


def fraction(text: str) -> float:
    """Parse a number from 0 to 1, for use as an argparse type."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, not {text}")
    return number
