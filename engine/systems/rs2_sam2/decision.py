"""What SAM 2's values decide: RS2-SAM2 reads them as foreground against one minus themselves."""

from __future__ import annotations

import torch
from torch import Tensor


def two_channels(values: Tensor) -> Tensor:
    """Values `(B, 1, H, W)` as logits of background and foreground, `(B, 2, H, W)`.

    The foreground wins where the value itself is above one half.
    """
    return torch.cat([1 - values, values], 1)


def foreground_logits(values: Tensor) -> Tensor:
    """The logits of the foreground alone, of the same probability as in `two_channels`."""
    return 2 * values - 1
