"""Concurrent reads: AWS calls of one page wait for the network, not for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
A = TypeVar("A")

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
