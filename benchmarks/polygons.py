"""Polygons per second and peak memory: ours, GDAL's tracing of the whole array, gdal_polygonize.py.

`python benchmarks/polygons.py --size 10000 --objects 100000 --out build/polygons.json`: a mask of
circles and rectangles, one in each cell of a lattice. Every way reads a GeoTIFF and writes a
GeoPackage in a process of its own; its seconds are those of the whole process, its start included.
Ours are polygons with score and ellipsoidal area, which the others do not have.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyogrio
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import shapes

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.raster.grid import Grid
from engine.raster.writer import ProbabilityWriter, write_mask
from engine.vector.polygons import write_polygons
from engine.vector.shape import Shape

PLACE = Affine(0.3, 0, 500_000, 0, -0.3, 5_000_000)
UTM = CRS.from_epsg(32633)
POLYGONIZE = "gdal_polygonize.py"
SHAPES = {
    "ours": Shape(),
    "ours, minimum area": Shape(minimum_area=1),
    "ours, simplified": Shape(simplify=1.5),
    "ours, right angles": Shape(simplify=1.5, right_angles=True),
}


def cells(size: int, objects: int) -> Iterator[np.ndarray]:
    """Rows of cells of a mask, each `(h, size)` bool: a circle or a rectangle in each cell."""
    across = math.ceil(math.sqrt(objects))
    edges = np.linspace(0, size, across + 1).astype(int)
    random = np.random.default_rng(0)
    for row in range(across):
        height = edges[row + 1] - edges[row]
        rows = np.zeros((height, size), bool)
        for col in range(min(across, objects - row * across)):
            cell = rows[:, edges[col] : edges[col + 1]]
            # A pixel stays free on two sides, so that no two objects touch.
            y, x = (np.arange(side - 1) + 0.5 - (side - 1) / 2 for side in cell.shape)
            half = random.uniform(1.5, 0.5 * (min(cell.shape) - 1), 2)
            if random.random() < 0.5:
                drawn = np.hypot(y[:, None], x) < half[0]
            else:
                drawn = (np.abs(y[:, None]) < half[0]) & (np.abs(x) < half[1])
            cell[:-1, :-1] = drawn
        yield rows


def make(size: int, objects: int, folder: Path) -> int:
    """Writes `probability.tif` and `mask.tif`; the pixels of all objects."""
    row = pixels = 0
    grid = Grid(size, size, PLACE, UTM)
    with ProbabilityWriter(folder / "probability.tif", grid) as writer:
        for rows in cells(size, objects):
            writer.write(row, rows.astype(np.float32), np.ones_like(rows))
            row, pixels = row + len(rows), pixels + int(rows.sum())
    write_mask(folder / "probability.tif", folder / "mask.tif", 0.5)
    return pixels


def ours(shape: Shape, folder: Path) -> None:
    """Polygons by rows."""
    write_polygons(folder / "probability.tif", folder / "polygons.gpkg", 0.5, {}, shape)


def whole(folder: Path) -> None:
    """Polygons of the whole array."""
    with rasterio.open(folder / "mask.tif") as dataset:
        mask = dataset.read(1)
        traced = shapes(mask, mask=mask == 1, connectivity=4, transform=dataset.transform)
        polygons = [
            shapely.Polygon(rings[0], rings[1:])
            for rings in (geometry["coordinates"] for geometry, _ in traced)
        ]
    pyogrio.raw.write(
        folder / "polygons.gpkg",
        geometry=shapely.to_wkb(polygons),
        field_data=[],
        fields=[],
        crs=UTM.to_wkt(),
        layer="segments",
        driver="GPKG",
        geometry_type="Polygon",
    )


WAYS: dict[str, Callable[[Path], None]] = {
    **{name: lambda folder, shape=shape: ours(shape, folder) for name, shape in SHAPES.items()},
    "rasterio.features.shapes": whole,
}


LAUNCH = """
import json, os, sys, time
started = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(process, 0)
seconds = time.perf_counter() - started
print(json.dumps([status, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
"""Starts a program from a small process: a program's peak is at least what started it."""


def measure(command: list[str], folder: Path) -> dict[str, float]:
    """Seconds, processor seconds and peak memory of a process, and how many polygons it wrote."""
    path = folder / "polygons.gpkg"
    path.unlink(missing_ok=True)
    launch = [sys.executable, "-I", "-S", "-c", LAUNCH, *command]
    told = subprocess.run(launch, check=True, capture_output=True, text=True).stdout
    status, seconds, processor, peak = json.loads(told.splitlines()[-1])
    if status:
        raise SystemExit(f"{' '.join(command)} failed.")
    count = pyogrio.read_info(path, force_feature_count=True)["features"]
    return {
        "polygons": count,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(processor, 2),
        "polygons_per_second": round(count / seconds),
        "peak_mb": round(peak),
    }


def benchmark(size: int = 10_000, objects: int = 100_000) -> dict[str, object]:
    """All ways to polygons; one that is not there is `{"skipped": reason}`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        pixels = make(size, objects, folder)
        rows = {
            way: measure([sys.executable, __file__, "--run", way, "--folder", name], folder)
            for way in WAYS
        }
        program = shutil.which(POLYGONIZE)
        mask = str(folder / "mask.tif")
        rows[POLYGONIZE] = (
            measure([program, "-q", "-mask", mask, mask, f"{name}/polygons.gpkg"], folder)
            if program
            else {"skipped": f"{POLYGONIZE} is not installed"}
        )
    return {"size": size, "objects": objects, "pixels": pixels, "ways": rows}


def markdown(result: dict[str, object]) -> str:
    """The ways as a table."""
    lines = [
        f"{result['size']} x {result['size']} pixels, {result['objects']} objects",
        "",
        "| way | polygons | seconds | CPU seconds | polygons a second | peak MB |",
        "|---|---|---|---|---|---|",
    ]
    for way, row in result["ways"].items():
        values = [row["skipped"]] if "skipped" in row else row.values()
        lines.append(f"| {way} | {' | '.join(map(str, values))} |")
    return "\n".join(lines)


def main() -> None:
    """Measures, prints a table, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10_000, help="pixels a side")
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="write the numbers to this file")
    parser.add_argument("--run", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        WAYS[options.run](options.folder)
        return
    result = benchmark(options.size, options.objects)
    print(markdown(result))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
