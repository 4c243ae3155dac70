"""A step of a pipeline done in another thread while the results before it are used, in order and bounded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def look_ahead(
    items: Iterable[Item], step: Callable[[Item], Result], executor: Executor, *, most: int
) -> Iterator[Result]:
    """What `step` makes of each item, in the order of the items; `most` of them are begun ahead of the one in use.

    Items are drawn in the caller's thread, only `step` runs in another: a step that keeps no state of its own gives
    the same as a plain loop, which it is when `most` is 0. A failure, of an item or of its step, is raised in its
    turn, after all results before it.
    """
    if not most:
        yield from map(step, items)
        return
    begun: deque[Future[Result]] = deque()
    source, more = iter(items), True

    def begin() -> None:
        nonlocal more
        while more and len(begun) < most:
            try:
                begun.append(executor.submit(step, next(source)))
            except StopIteration:
                more = False
            except Exception as error:  # kept for its turn: an earlier item may fail too, and that one counts
                begun.append(_failed(error))
                more = False

    begin()
    while begun:
        result = begun.popleft().result()
        begin()
        yield result


def _failed(error: Exception) -> Future[Result]:
    future: Future[Result] = Future()
    future.set_exception(error)
    return future
