"""Command-line flags whose mistakes end as a program's failure, not as a bare exit status."""

import argparse
from typing import NoReturn

from include.image_classification.container import ProgramError


class FlagParser(argparse.ArgumentParser):
    """An ArgumentParser for one program.

    A wrong flag raises ProgramError, so that it reaches SageMaker's failure reason, where
    argparse would print to stderr and exit 2. Abbreviated flags are refused: a job's request
    must mean the same after a new flag is added.
    """

    def __init__(self, program: str, description: str) -> None:
        super().__init__(prog=program, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise the parser's complaint as a ProgramError."""
        raise ProgramError(f"{self.prog}: {message}; see {self.prog} --help")


def positive_integer(text: str) -> int:
    """Parse an integer of at least 1, for use as an argparse type."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return number


def fraction(text: str) -> float:
    """Parse a number from 0 to 1, for use as an argparse type."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, not {text}")
    return number
