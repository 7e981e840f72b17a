"""A referring sample: an image, a sentence and what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ReferringSample:
    """One sentence about one image. Its mask is read when it is asked for.

    Attributes:
        image: The image's path.
        expression: The sentence.
        split: train, val or test.
        where: Where the sample stands, such as "refs.jsonl, line 7", for messages.
        load: Reads the mask, `(H, W)` bool.
        ignored: Reads pixels that count for nothing, `(H, W)` bool; None where all count.
        kind: The kind of sentence, where the data set says so.
        category: The category of what is meant, where the data set says so.
    """

    image: Path
    expression: str
    split: str
    where: str
    load: Callable[[], NDArray[np.bool_]]
    ignored: Callable[[], NDArray[np.bool_]] | None = None
    kind: str = ""
    category: str = ""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """What the sentence means, `(H, W)` bool.

        Raises:
            InputError: The mask cannot be read.
        """
        return self.load()
