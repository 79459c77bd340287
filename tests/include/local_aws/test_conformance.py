"""The conformance table tells of every operation, and what the tests check today."""

from tests.include.local_aws.conformance import DOCUMENT, checks, document, known


def test_the_table_is_current() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m tests.include.local_aws.conformance"


def test_every_operation_is_checked_and_none_that_is_not_there() -> None:
    marked = {operation for check in checks() for operation in check.operations}
    assert marked == set(known())
