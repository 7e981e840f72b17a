"""The ways in which the field counts the same metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError


@dataclass(frozen=True)
class Protocol:
    """How predictions are compared with truths.

    Attributes:
        name: What it is called.
        strict: Whether Pr@X asks for an IoU above X; otherwise X itself is enough.
        empty: IoU of a sample whose truth and prediction are both empty; NaN leaves it out of the
            mean, while Pr@X counts it as missed.
        ignores: Whether pixels that count for nothing are left out; otherwise they are background.
        side: Prediction and truth are compared at `side` x `side` pixels, the truth resized to the
            nearest pixel and the probability bilinearly, before the threshold; None for the
            image's own size.
    """

    name: str
    strict: bool
    empty: float
    ignores: bool
    side: int | None = None

    def counted(
        self, mask: NDArray[np.bool_], ignored: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_]:
        """A mask `(H, W)` without the pixels that count for nothing."""
        return mask if ignored is None or not self.ignores else mask & ~ignored

    @property
    def description(self) -> str:
        """One line for the reports."""
        empty = "left out of mIoU" if math.isnan(self.empty) else f"{self.empty:g}"
        size = f"{self.side} x {self.side} pixels" if self.side else "the image's own size"
        return (
            f"{self.name}: IoU {'>' if self.strict else '>='} X, both empty {empty}, at {size}, "
            f"ignored pixels {'left out' if self.ignores else 'background'}"
        )


OURS = Protocol("ours", strict=False, empty=1.0, ignores=True)
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        OURS,
        Protocol("lavt", strict=False, empty=0.0, ignores=False, side=480),
        Protocol("rsrefseg", strict=True, empty=math.nan, ignores=True),
    )
}


def choose(name: str, side: int | None = None) -> Protocol:
    """A protocol by its name, with another side to compare at.

    Raises:
        InputError: There is no such protocol, or it compares at no such size.
    """
    if name not in PROTOCOLS:
        raise InputError(f"There is no protocol '{name}'. Choose from {', '.join(PROTOCOLS)}.")
    protocol = PROTOCOLS[name]
    if side is None:
        return protocol
    if protocol.side is None:
        raise InputError(
            f"The protocol '{name}' compares at the image's own size. Leave the size {side} out, "
            "or choose the protocol 'lavt'."
        )
    if side < 1:
        raise InputError(f"The size {side} is no number of pixels. Choose 480 or 1024.")
    return replace(protocol, side=side)
