"""XComs as task arguments that add no edge to the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow.sdk import XComArg


class DataOnlyXComArg(XComArg):
    """The value of another XComArg; the task that takes it gets no edge from the one that gives it.

    Args:
        source: The XCom whose value is passed on.
    """

    def __init__(self, source: XComArg) -> None:
        self.source = source

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Return nothing: Airflow makes an edge from each reference."""
        return iter(())

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return the XCom's value; only while a task runs."""
        return self.source.resolve(context)

    def __str__(self) -> str:
        return str(self.source)


def without_edge(xcom_arg: Any) -> Any:
    """Pass on an XCom to a task that other edges already place after the task that pushes it.

    Airflow draws an edge for every XCom that a task takes. Where tasks in between imply the order,
    these edges hide the graph's shape. A test checks that the order is implied.

    Args:
        xcom_arg: What a task returned, or a key of it: `planned["request"]`.
    """
    return DataOnlyXComArg(xcom_arg)
