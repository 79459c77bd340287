"""Write docs/conformance.md: operation by operation, what is checked and how.

`python -m tests.include.local_aws.conformance` writes it from the tests' conformance markers and
from botocore's service model; a test checks that it is current, and every marked test fails that
does not call what its marker names.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

from include.local_aws.api.sagemaker import OPERATIONS

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parents[2] / "docs" / "conformance.md"
_MODEL = botocore.session.Session().get_service_model("sagemaker")
_OTHERS = ("InvokeEndpoint", "DescribeLogStreams", "GetLogEvents", "FilterLogEvents")
_CLIENTS = {
    "test_waiters": "boto3's waiters",
    "test_operators": "Airflow's operators",
    "test_sensors": "Airflow's sensors and hook",
}
_HEAD = """# What the local AWS is checked for

Made by `python -m tests.include.local_aws.conformance` from the tests; a test fails when it is not
current, and a test that is listed here fails when it does not call what it is listed for.

Beyond what each line tells, of every operation of SageMaker's API:

- **Requests** are checked against botocore {version}'s service model, at any depth: required
  members, types, enums, patterns, lengths and ranges (the second column counts these rules), and
  refused in AWS's words (`tests/include/local_aws/api/test_validation.py`).
- **Answers**: every answer that any test receives is held against the service model: required
  members, types, enums, patterns, lengths, no unknown member
  (`tests/include/local_aws/answers.py`).
- **Never a 500**: requests made up from the service model, mostly right, are answered or refused
  (`tests/include/local_aws/api/test_requests.py`).
- **Everything else** of SageMaker's {total} operations is refused as
  `UnknownOperationException`, by name (the same file).

| operation | rules | what is checked | through |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Check:
    """One marked test: its sentence, the client that it uses, the operations that it calls."""

    sentence: str
    client: str
    operations: tuple[str, ...]


def checks() -> list[Check]:
    """The marked tests, in the order of their files."""
    return [check for file in sorted(TESTS.rglob("test_*.py")) for check in _of_file(file)]


def known() -> tuple[str, ...]:
    """The operations that the document tells of."""
    return (*sorted(OPERATIONS), *_OTHERS)


def document() -> str:
    """The document as it should be."""
    found = checks()
    rows = [_row(name, found) for name in known()]
    head = _HEAD.format(version=botocore.__version__, total=len(_MODEL.operation_names))
    return head + "\n".join(rows) + "\n"


def _of_file(file: Path) -> Iterator[Check]:
    client = _CLIENTS.get(file.stem, "boto3")
    for function in ast.walk(ast.parse(file.read_text())):
        if isinstance(function, ast.FunctionDef):
            operations = tuple(_marked(function))
            if operations:
                sentence = function.name.removeprefix("test_").replace("_", " ")
                yield Check(sentence, client, operations)


def _marked(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(
            "mark.conformance"
        ):
            yield from (ast.literal_eval(argument) for argument in decorator.args)


def _row(name: str, found: list[Check]) -> str:
    mine = [check for check in found if name in check.operations]
    sentences = "<br>".join(check.sentence for check in mine)
    clients = "<br>".join(dict.fromkeys(check.client for check in mine))
    return f"| {name} | {_rules(name)} | {sentences} | {clients} |"


def _rules(name: str) -> str:
    if name not in OPERATIONS:
        return ""
    return str(_count(_MODEL.operation_model(name).input_shape, ()))


def _count(shape: Any, above: tuple[str, ...]) -> int:
    """How many rules a shape has, with those of what it holds."""
    if shape.name in above:
        return 0
    own = len(shape.metadata.keys() & {"min", "max", "pattern", "enum"})
    if shape.type_name == "structure":
        inside = [*shape.members.values()]
        own += len(shape.required_members)
    else:
        inside = [
            getattr(shape, part) for part in ("member", "key", "value") if hasattr(shape, part)
        ]
    return own + sum(_count(member, (*above, shape.name)) for member in inside)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
