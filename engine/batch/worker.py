"""What a worker of a Dask cluster does, whatever its shell has set.

Dask imports this file before the task that is in it: nothing of GDAL may be loaded here.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.variables import use_own_libraries

if TYPE_CHECKING:
    from engine.batch.lazy_model import LazyModel

_one_at_a_time = threading.Lock()


def attempt(job: dict[str, Any]) -> dict[str, Any]:
    """The outcome of a job, both in JSON's types.

    A worker's threads take turns: a model needs the device, or the processor, to itself.
    """
    use_own_libraries()
    from engine.batch import run as batch

    wanted = batch.Job.from_dict(job)
    with _one_at_a_time:
        return batch.attempt(wanted, model_of(wanted.model, wanted.device)).to_dict()


@lru_cache(maxsize=1)
def model_of(model: str, device: str) -> LazyModel:
    """The model of this worker process."""
    from engine.batch.lazy_model import LazyModel

    return LazyModel(model, device)
