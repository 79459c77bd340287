"""docs/conformance.md lists all operations and the current tests."""

from tests.include.local_aws.conformance import DOCUMENT, checks, document, known


def test_the_table_is_current() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m tests.include.local_aws.conformance"


def test_exactly_the_supported_operations_are_checked() -> None:
    marked = {operation for check in checks() for operation in check.operations}
    assert marked == set(known())
