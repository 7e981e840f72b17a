"""Stands in for the engine's Python and injects faults: what happens is in the expression.

"die" ends the process in the middle, "deaf" never listens to a cancel, "busy" takes a while,
"slow" works until it is cancelled, "refuse" is an error, "nothing" is found nowhere, "unknown" is
not known to the model. Anything else selects the middle of the extent.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from pathlib import Path

from osgeo import gdal, ogr, osr

gdal.UseExceptions()
ogr.UseExceptions()

CARD = {
    "id": "fake",
    "title": "Fake model",
    "categories": ["storage tank", "airplane"],
    "about": "Selects the middle.",
    "finest": 0.1,
    "coarsest": 1.0,
    "languages": ["en"],
    "licence": "GPL-2.0-or-later",
    "installed": True,
    "folder": "models",
    "weights": [{"name": "fake.safetensors", "sha256": "0" * 64}],
    "metrics": {"IoU": 1.0},
}
CANCELLED = -32005
SLOW = 0.77

cancelled: set = set()


def send(message: dict) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def read(requests: queue.Queue) -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if message["method"] == "cancel":
            cancelled.add(message["params"]["id"])
        else:
            requests.put(message)
    requests.put(None)


class Failure(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def serve(request: dict) -> object:
    method, params = request["method"], request["params"]
    if method == "initialize":
        return {"protocol": 1, "device": "cpu", "reason": "No CUDA device found."}
    if method == "models":
        return [CARD, {**CARD, "id": "open", "title": "Open model", "categories": None}]
    if method == "check":
        unknown = "unknown" in params["expression"]
        message = "The fake model does not know this." if unknown else ""
        return {
            "known": [] if unknown else ["storage tank"],
            "unknown": unknown,
            "message": message,
        }
    if method == "segment":
        return segment(request["id"], params)
    if method == "rethreshold":
        return rethreshold(**params)
    raise Failure(-32601, f"no method {method}")


def segment(request_id: int, params: dict) -> dict:
    expression = params["expression"]
    for step in range(3):
        progress = {"id": request_id, "done": step, "total": 3, "stage": "model"}
        send({"method": "progress", "params": {**progress, "message": f"Window {step + 1} of 3"}})
        if "busy" in expression:
            time.sleep(0.2)
        if "die" in expression:
            os._exit(9)
        while "deaf" in expression or ("slow" in expression and request_id not in cancelled):
            time.sleep(0.02)
        if request_id in cancelled:
            raise Failure(CANCELLED, "Cancelled.")
    if "refuse" in expression:
        raise Failure(-32001, "The expression is refused.")
    source = gdal.Open(params["source"]["path"])
    probability = Path(params["out"]) / "probability.tif"
    raster = gdal.GetDriverByName("GTiff").Create(
        str(probability), source.RasterXSize, source.RasterYSize, 1
    )
    raster.SetGeoTransform(source.GetGeoTransform())
    raster.SetProjection(source.GetProjection())
    band = raster.GetRasterBand(1)
    band.SetNoDataValue(255)
    band.Fill(0)
    width, height = source.RasterXSize // 2, source.RasterYSize // 2
    value = 0 if "nothing" in expression else 178
    band.WriteRaster(width // 2, height // 2, width, height, bytes([value] * (width * height)))
    raster = band = None
    meta = {"expression": expression, "model": params["model"], "source": params["source"]["path"]}
    (Path(params["out"]) / "meta.json").write_text(json.dumps(meta))
    return rethreshold(str(probability), params["out"], params["threshold"], params["outputs"])


def rethreshold(
    probability: str, out: str, threshold: float, outputs: list, shape: object = None
) -> dict:
    if threshold == SLOW:
        time.sleep(1)
    meta = json.loads((Path(probability).parent / "meta.json").read_text())
    source = gdal.Open(probability)
    wkt = source.GetProjection()
    selected = bytes(
        int(254 * threshold <= value < 255) for value in source.GetRasterBand(1).ReadRaster()
    )
    mask = str(Path(out) / "mask.tif")
    raster = gdal.GetDriverByName("GTiff").Create(mask, source.RasterXSize, source.RasterYSize, 1)
    raster.SetGeoTransform(source.GetGeoTransform())
    raster.SetProjection(wkt)
    raster.GetRasterBand(1).WriteRaster(0, 0, source.RasterXSize, source.RasterYSize, selected)
    polygons = str(Path(out) / "polygons.gpkg")
    vector = ogr.GetDriverByName("GPKG").CreateDataSource(polygons)
    layer = vector.CreateLayer("segments", osr.SpatialReference(wkt), ogr.wkbPolygon)
    for field, kind in (
        ("expression", ogr.OFTString),
        ("score", ogr.OFTReal),
        ("area_m2", ogr.OFTReal),
    ):
        layer.CreateField(ogr.FieldDefn(field, kind))
    gdal.Polygonize(raster.GetRasterBand(1), raster.GetRasterBand(1), layer, -1)
    count = layer.GetFeatureCount()
    area = sum(feature.geometry().Area() for feature in layer)
    raster = layer = vector = None
    return {
        **meta,
        "probability": probability,
        "mask": mask if "mask" in outputs else None,
        "polygons": polygons if "polygons" in outputs else None,
        "count": count,
        "area_m2": area,
        "weights_sha256": "0" * 64,
        "threshold": threshold,
        "warnings": [],
    }


def main() -> None:
    requests: queue.Queue = queue.Queue()
    threading.Thread(target=read, args=(requests,), daemon=True).start()
    while (request := requests.get()) is not None:
        try:
            send({"id": request["id"], "result": serve(request)})
        except Failure as cause:
            error = {"code": cause.code, "message": str(cause)}
            send({"id": request["id"], "error": error})


if __name__ == "__main__":
    main()
