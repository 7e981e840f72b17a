"""What a person chooses when they teach a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from engine.errors import InputError
from engine.finetuning.presets import PresetName, Scope
from engine.models.limits import ModelId
from engine.systems.adapter_config import MOST_REHEARSED

LARGEST_BATCH = 256

Count = Annotated[int, Field(ge=1, le=10**7)]


@dataclass(frozen=True)
class Settings:
    """Which model is taught, with what, and how long.

    What is left out (None) is the preset's.

    Attributes:
        id: Of the new model.
        title: Its name for people; the id if empty.
        about: What it is good for, in a sentence.
        licence: Terms of what it is taught with.
        base: Id of the model it is an adapter on.
        start: Id of a model of the user's own that is taught further; none if empty.
        preset: How long, and how much moves.
        samples: Folder of the samples; that of the job if left out.
        scope: How much moves.
        steps: Steps in all.
        learning_rate: Peak of its schedule.
        batch: Views that are looked at together.
        accumulate: Batches a step.
        precision: Of the forward pass.
        recompute: Whether activations are computed again instead of kept.
        rehearse: Share of the samples that ask for what the model knows already.
    """

    id: ModelId
    title: str = ""
    about: str = ""
    licence: str = ""
    base: str = "rsrefseg2-compact"
    start: str = ""
    preset: PresetName = "balanced"
    samples: Path | None = None
    scope: Scope | None = None
    steps: Count | None = None
    learning_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    batch: Annotated[int, Field(ge=1, le=LARGEST_BATCH)] | None = None
    accumulate: Annotated[int, Field(ge=1, le=LARGEST_BATCH)] | None = None
    precision: Literal["float32", "bf16"] | None = None
    recompute: bool | None = None
    rehearse: Annotated[float, Field(ge=0, le=MOST_REHEARSED)] | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from JSON's types.

        Raises:
            InputError: Unknown settings, or values that make no sense.
        """
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise InputError(
                f"'{unknown[0]}' is no setting of fine-tuning. Known: {', '.join(known)}."
            )
        try:
            return TypeAdapter(cls).validate_python(dict(values))
        except ValidationError as cause:
            wrong = cause.errors()[0]
            place = ".".join(map(str, wrong["loc"]))
            raise InputError(f"The setting {place} cannot be so: {wrong['msg']}.") from cause

    def to_dict(self) -> dict[str, Any]:
        """In JSON's types."""
        return {**asdict(self), "samples": None if self.samples is None else str(self.samples)}
