"""What a request gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.vector.shape import Shape


@dataclass(frozen=True)
class Result:
    """Files and facts of one segmentation.

    Attributes:
        probability: Probability raster, uint8 `round(254 p)`, 255 where nothing was read.
        mask: Mask raster of 0 and 1, if asked for.
        polygons: GeoPackage with the layer `segments`, if asked for.
        count: Polygons; None if they were not asked for.
        area_m2: Their ellipsoidal area in square metres; None where it cannot be known.
        expression: What was asked.
        model: The model's id.
        weights_sha256: Which weights.
        source: The raster.
        resolution: Metres a pixel; None where neither a CRS nor the analyst tells it.
        stretch: How the pixels were read.
        threshold: Least probability of the mask and the polygons.
        shape: Which objects became polygons, and how they are drawn.
        windows: Views the model looked at.
        device: Where it computed.
        seconds: Of each stage.
        warnings: What the analyst should know.
    """

    probability: Path
    mask: Path | None
    polygons: Path | None
    count: int | None
    area_m2: float | None
    expression: str
    model: str
    weights_sha256: str
    source: str
    resolution: float | None
    stretch: str
    threshold: float
    shape: Shape
    windows: int
    device: str
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For the protocol and `--json`."""
        values = asdict(self)
        for name in ("probability", "mask", "polygons"):
            values[name] = None if values[name] is None else str(values[name])
        return {**values, "warnings": list(self.warnings)}
