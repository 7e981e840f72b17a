"""Building networks whose weights are about to be loaded, without drawing random ones first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

DRAWS = frozenset(
    (
        torch.Tensor.uniform_,
        torch.Tensor.normal_,
        torch.Tensor.erfinv_,
        torch.nn.init.uniform_,
        torch.nn.init.normal_,
        torch.nn.init.trunc_normal_,
        torch.nn.init.kaiming_uniform_,
    )
)


class WithoutInitialisation(TorchFunctionMode):
    """Inside, a draw only fills with its mean or lower end: the large model is built in seconds.

    Left as they are, tensors would hold whatever their memory held, and a truncated normal, which
    draws again what lies outside its bounds, might never end.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Passes every call on but random fills."""
        if func not in DRAWS:
            return func(*args, **(kwargs or {}))
        tensor, *numbers = args or ((kwargs or {})["tensor"],)
        with torch.no_grad():
            return tensor.fill_(numbers[0] if numbers else 0)
