"""Parameters of a request, once everything in them that has to be a file is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Callable

from qgis.core import QgsRasterBlockFeedback

from ..map.drawing import Drawing
from ..map.export import Export

Progress = Callable[[int, int, str], None]


@contextmanager
def written(
    params: dict[str, Any], feedback: QgsRasterBlockFeedback, progress: Progress
) -> Iterator[dict[str, Any]]:
    """Writes each Export and Drawing, however deep it lies; the files are gone when the block ends.

    Args:
        params: JSON's types, and what is to be written.
        feedback: Stops it when it is cancelled, from any thread.
        progress: Told done, total and what is being done.

    Raises:
        Refusal: A layer could not be read whole, the disk is full, or it was cancelled.
    """
    with ExitStack() as stack:

        def ready(value: Any) -> Any:
            if isinstance(value, (Export, Drawing)):
                return stack.enter_context(value.exported(feedback, progress))
            if isinstance(value, dict):
                return {name: ready(each) for name, each in value.items()}
            if isinstance(value, (list, tuple)):
                return [ready(each) for each in value]
            return value

        yield ready(params)
