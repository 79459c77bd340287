"""Concurrent reads: AWS calls of one page wait for the network, not for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, overload

T = TypeVar("T")
A = TypeVar("A")

B = TypeVar("B")
C = TypeVar("C")

_THREADS = 8


def read_all(read: Callable[[A], T], arguments: Iterable[A]) -> list[T]:
    """Return the results of a function for several arguments, in their order.

    Each call has threads of its own, so that a function may call this one again.
    """
    listed = list(arguments)
    if len(listed) < 2:
        return [read(argument) for argument in listed]
    with ThreadPoolExecutor(min(_THREADS, len(listed))) as pool:
        return list(pool.map(read, listed))


@overload
def read_together(first: Callable[[], T], second: Callable[[], A], /) -> tuple[T, A]: ...


@overload
def read_together(
    first: Callable[[], T],
    second: Callable[[], A],
    third: Callable[[], B],
    fourth: Callable[[], C],
    /,
) -> tuple[T, A, B, C]: ...


@overload
def read_together(*reads: Callable[[], Any]) -> tuple[Any, ...]: ...


def read_together(*reads: Callable[[], Any]) -> tuple[Any, ...]:
    """Return the results of several functions, in their order."""
    return tuple(read_all(lambda read: read(), reads))
