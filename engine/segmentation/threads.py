"""Work beside the model: reading ahead of it, and writing behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def ahead(
    make: Callable[[Item], Made], items: Iterable[Item], depth: int
) -> Generator[Made, None, None]:
    """What is made of each item, in order; up to `depth` of them are made before they are due.

    An error comes where its item is due. Closing the iterator forgets what has not been begun.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    due: deque[Future[Made]] = deque()
    try:
        for item in items:
            due.append(pool.submit(make, item))
            if len(due) > depth:
                yield due.popleft().result()
        while due:
            yield due.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class Behind:
    """Does one thing at a time in a thread of its own.

    An error comes with the next call, or at the end of the `with` block at the latest; what would
    have come after it is not done.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._running: Future[Any] | None = None

    def __enter__(self) -> Behind:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        if kind is None:
            self._wait()

    def do(self, work: Callable[..., Any], *given: Any) -> None:
        """Have a call done as soon as the one before it is."""
        self._wait()
        self._running = self._pool.submit(work, *given)

    def _wait(self) -> None:
        if self._running is not None:
            self._running.result()
