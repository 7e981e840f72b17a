"""Which parameters move how fast, and which decay."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.training.config import OptimiserConfig

EMBEDDINGS = ("embedding", "pos_embed", "img_pe")


def parameter_groups(model: nn.Module, config: OptimiserConfig) -> list[dict[str, Any]]:
    """AdamW's groups: matrices decay; vectors and position embeddings do not.

    Single numbers have their own factor on the learning rate: Adam moves a number by about the
    learning rate a step, whatever its gradient, and a temperature or a bias has far to go. Other
    factors are the configuration's, by what a parameter's name contains; the first that fits holds.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        matrix = parameter.ndim > 1 and parameter.numel() > 1
        decays = matrix and not any(word in name for word in EMBEDDINGS)
        named = (factor for part, factor in config.factors.items() if part in name)
        factor = next(named, config.scalar_factor if parameter.numel() == 1 else 1.0)
        groups.setdefault((factor, config.weight_decay * decays), []).append(parameter)
    return [
        {"params": members, "weight_decay": decay, "lr": config.learning_rate * factor}
        for (factor, decay), members in sorted(groups.items(), key=lambda item: item[0])
    ]
