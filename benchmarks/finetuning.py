"""A word that the bundled model does not know, taught in minutes, and what the ten it knows lose.

`python -m benchmarks.finetuning build/finetuning` on two cores without other work. The word is
"sand bunker": 104 of them, outlined for this project, in a mosaic of golf course images of UC
Merced. The new model is measured on held-out ground of it and, beside its base, on the held-out
images of VHR-10 with the ten words that the base was taught (`benchmarks/vhr10_validation.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely
from affine import Affine
from PIL import Image

from engine.data.analyst.build import LabelledLayer, SampleSettings, build
from engine.data.formats.datasets import Dataset
from engine.evaluation.measured import Files, measure
from engine.finetuning.finetune import finetune
from engine.models.folders import MODELS_VARIABLE
from engine.progress import Progress
from engine.raster.source import Source

ROOT = Path(__file__).resolve().parents[1]
BASE, OWN = "rsrefseg2-compact", "sand-bunkers"
WORD = "sand bunker"
LABELS = Path(__file__).parent / "labels" / "sand_bunkers.json"
GOLF = ROOT.parent / "shared/data/ucmerced/golfcourse"
KNOWN = ROOT / "build/vhr10-validation.jsonl"
KNOWN_IMAGES = ROOT.parent / "shared/data/vhr10/images"
SIDE = 256
PIXEL_M = 0.3
PLACE = Affine(PIXEL_M, 0, 500_000, 0, -PIXEL_M, 4_000_000)
CRS = "EPSG:32616"


def main() -> None:
    """Teaches, measures and tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="new folder")
    parser.add_argument("--preset", default="quick")
    arguments = parser.parse_args()
    out = arguments.out.absolute()
    os.environ[MODELS_VARIABLE] = str(out / "models")
    raster, polygons = ground(out)
    layer = LabelledLayer(Source(str(raster)), polygons, expression=WORD)
    build([layer], SampleSettings(resolution=PIXEL_M, repeats=2), out / "job" / "samples")
    started = time.perf_counter()
    card = finetune(out / "job", settings(arguments.preset), "cpu", told, lambda: False)
    seconds = time.perf_counter() - started
    known = Dataset("jsonl", KNOWN, KNOWN_IMAGES)
    told_of = {model: measure(model, known, "val", Files()) for model in (BASE, OWN)}
    found = {"seconds": round(seconds, 1), "card": card.to_dict(), "known": told_of}
    (out / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(table(found))


def settings(preset: str) -> dict[str, Any]:
    """What a person chooses in the dialog."""
    return {"id": OWN, "title": "Sand bunkers", "base": BASE, "preset": preset}


def ground(out: Path) -> tuple[Path, Path]:
    """The mosaic as a GeoTIFF and its outlines as a GeoPackage."""
    out.mkdir(parents=True)
    labels = json.loads(LABELS.read_text("utf-8"))
    across = labels["across"]
    rows = -(-len(labels["images"]) // across)
    mosaic = np.zeros((rows * SIDE, across * SIDE, 3), np.uint8)
    for place, number in enumerate(labels["images"]):
        row, col = divmod(place, across)
        image = Image.open(GOLF / f"golfcourse{number:02}.jpg").convert("RGB")
        mosaic[row * SIDE :, col * SIDE :][:SIDE, :SIDE] = np.asarray(image)[:SIDE, :SIDE]
    height, width = mosaic.shape[:2]
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 3, "dtype": "uint8"}
    with rasterio.open(out / "golf.tif", "w", crs=CRS, transform=PLACE, **profile) as raster:
        raster.write(mosaic.transpose(2, 0, 1))
    shapes = [
        shapely.Polygon([PLACE @ corner for corner in outline]) for outline in labels["polygons"]
    ]
    pyogrio.raw.write(
        out / "bunkers.gpkg",
        geometry=shapely.to_wkb(np.array(shapes, object)),
        field_data=[],
        fields=[],
        crs=CRS,
        driver="GPKG",
        geometry_type="Polygon",
    )
    return out / "golf.tif", out / "bunkers.gpkg"


def told(progress: Progress) -> None:
    """One line that changes."""
    print(f"\r{progress.done}/{progress.total} {progress.message:60.60}", end="", flush=True)


def table(found: dict[str, Any]) -> str:
    """What came out, as Markdown."""
    metrics = found["card"]["metrics"]
    before, after = (found["known"][model]["mIoU"] for model in (BASE, OWN))
    return "\n".join(
        (
            "",
            f"{found['seconds']:.0f} s in all, {found['card']['bytes'] / 1e6:.1f} MB",
            "",
            "| mIoU | before | after |",
            "|---|---|---|",
            f"| {WORD}, {metrics['n']} held-out views | {metrics['mIoU before']:.3f} | "
            f"{metrics['mIoU after']:.3f} |",
            f"| the ten known words, VHR-10 held out | {before:.3f} | {after:.3f} |",
            f"| known words, its own answers before ({metrics['n known']}) | 1 | "
            f"{metrics['mIoU known']:.3f} |",
        )
    )


if __name__ == "__main__":
    main()
