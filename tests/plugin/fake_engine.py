"""Stands in for the engine's Python and injects faults: what happens is in the expression.

"die" ends the process in the middle, "deaf" never listens to a cancel, "busy" takes a while,
"slow" works until it is cancelled, "refuse" is an error, "nothing" is found nowhere, "unknown" is
not known to the model, "quiet" says nothing for a while and then goes on. "answer", "check" and
"news" are followed by what is answered, what the check of the expression answers, and what is told
as progress, in JSON. Anything else selects the middle of the extent.

Of a training it is the model's name that says what happens: "die" ends the process in the middle,
"refuse" is an error before it begins, "fail" one in its middle, "slow" takes until it is cancelled.
Models of the user's own are lines in a file beside this program.
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
    "bundled": True,
    "teachable": True,
    "base": None,
}
OWN = Path(__file__).with_name("own.json")
STEPS = 8
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
    # Whoever asked is gone: what still works on something ends as well, as the real engine does.
    time.sleep(2)
    os._exit(1)


class Failure(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def serve(request: dict) -> object:
    method, params = request["method"], request["params"]
    if method == "initialize":
        return {"protocol": 1, "device": "cpu", "reason": "No CUDA device found."}
    if method == "models":
        other = {**CARD, "id": "open", "title": "Open model", "categories": None}
        mine = [card for card in own() if params.get("damaged") or "damaged" not in card]
        return [CARD, {**other, "teachable": False}, *mine]
    if method == "check":
        if params["expression"].startswith("check "):
            return json.loads(params["expression"].partition(" ")[2])
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
    if method in TRAINING:
        return TRAINING[method](request["id"], **params)
    raise Failure(-32601, f"no method {method}")


def segment(request_id: int, params: dict) -> dict:
    """Has its unfinished rows in the folder meanwhile, as the engine has."""
    unfinished = Path(params["out"], "probability.tif.unfinished")
    unfinished.touch()
    try:
        return look(request_id, params)
    finally:
        unfinished.unlink()


def look(request_id: int, params: dict) -> dict:
    expression = params["expression"]
    word, _, told = expression.partition(" ")
    if word == "answer":
        return json.loads(told)
    if word == "news":
        send({"method": "progress", "params": json.loads(told)})
    for step in range(3):
        progress = {"id": request_id, "done": step, "total": 3, "stage": "model"}
        send({"method": "progress", "params": {**progress, "message": f"Window {step + 1} of 3"}})
        if "busy" in expression:
            time.sleep(0.2)
        if word == "quiet" and step == 1:
            time.sleep(1.5)
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
    names = ("out", "threshold", "outputs", "shape")
    wanted = {name: params[name] for name in names if name in params}
    return rethreshold(str(probability), **wanted)


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
        "count": count if "polygons" in outputs else None,
        "area_m2": area if "polygons" in outputs else None,
        "weights_sha256": "0" * 64,
        "threshold": threshold,
        "shape": shape or {},
        "warnings": [],
    }


def own() -> list:
    return json.loads(OWN.read_text()) if OWN.exists() else []


def keep_own(cards: list) -> None:
    OWN.write_text(json.dumps(cards))


def look_up(cancel_id: int, done: int, total: int, message: str) -> None:
    """Tells how far it is, and stops where that was asked for."""
    progress = {"id": cancel_id, "done": done, "total": total, "stage": "", "message": message}
    send({"method": "progress", "params": progress})
    if cancel_id in cancelled:
        raise Failure(CANCELLED, "Cancelled.")


def samples(request_id: int, layers: list, out: str, settings: dict) -> dict:
    look_up(request_id, 0, 1, "Reading")
    folder = Path(out)
    (folder / "previews").mkdir(parents=True)
    counts: dict = {}
    features = 0
    for layer in layers:
        gdal.Open(layer["raster"]["path"])
        drawn = ogr.Open(layer["polygons"])
        for feature in drawn.GetLayerByName(layer.get("layer") or "polygons"):
            name = layer.get("expression") or feature["expression"]
            features += 1
            if name:
                counts.setdefault(name, {"train": 0, "val": 0})["train"] += 1
    if "slow" in counts:
        while request_id not in cancelled:
            time.sleep(0.02)
        raise Failure(CANCELLED, "Cancelled. No samples were written.")
    if not counts:
        raise Failure(-32001, "No polygon with an expression.")
    used = sum(split["train"] for split in counts.values())
    files = [f"previews/{number:02}.png" for number in range(1, 1 + min(used, 24))]
    for file in files:
        picture(folder / file)
    (folder / "annotations.jsonl").write_text("{}\n")
    (folder / "asked.json").write_text(json.dumps({"layers": layers, "settings": settings}))
    report = {
        "counts": counts,
        "samples": {"train": used, "val": 0},
        "negatives": {"train": 0, "val": 0},
        "views": {"train": used, "val": 0},
        "features": features,
        "used": used,
        "repaired": {},
        "skipped": [{"layer": "x", "reason": "no expression", "features": [3]}]
        if used < features
        else [],
        "resolution": 0.5,
        "rasters": [],
        "block": [[10, 10]],
        "settings": settings,
        "warnings": ["Few objects for “pond”."],
        "files": ["annotations.jsonl", "report.json", *files],
    }
    (folder / "report.json").write_text(json.dumps(report))
    return {**report, "folder": out}


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = gdal.GetDriverByName("MEM").Create("", 64, 64, 3)
    image.GetRasterBand(2).Fill(120)
    gdal.GetDriverByName("PNG").CreateCopy(str(path), image)


def presets(
    request_id: int, samples: str, base: str, start: str = "", device: str = "auto"
) -> list:
    look_up(request_id, 0, 3, "Measuring")
    if (Path(samples).parent / "measure slowly").exists():
        while True:  # until it is cancelled
            time.sleep(0.02)
            look_up(request_id, 1, 3, "Measuring")
    if not Path(samples, "annotations.jsonl").exists():
        raise Failure(-32001, "There are no samples.")
    common = {"batch": 1, "accumulate": 4, "precision": "float32", "recompute": False}
    return [
        {
            **common,
            "preset": "quick",
            "steps": STEPS,
            "scope": "prompter",
            "seconds": 90,
            "memory_bytes": 2 * 2**30,
            "fits": True,
        },
        {
            **common,
            "preset": "balanced",
            "steps": 500,
            "scope": "prompter",
            "seconds": 1800,
            "memory_bytes": 2 * 2**30,
            "fits": True,
        },
        {
            **common,
            "preset": "thorough",
            "steps": 5000,
            "scope": "encoders",
            "seconds": 36000,
            "memory_bytes": 90 * 2**30,
            "fits": False,
        },
    ]


def finetune(request_id: int, job: str, settings: object = None, device: str = "auto") -> dict:
    folder = Path(job)
    run = folder / "run"
    told = folder / "job.json"
    if told.exists():
        facts = json.loads(told.read_text())
        if facts["state"] == "done":
            raise Failure(-32001, "This training has ended.")
        before = json.loads((folder / "settings.json").read_text())
        (folder / "settings.json").write_text(json.dumps({**before, **(settings or {})}))
        settings = None
    elif settings is not None:
        if "refuse" in settings["title"]:
            raise Failure(-32001, "The training is refused.")
        if not Path(settings.get("samples") or folder / "samples", "annotations.jsonl").exists():
            raise Failure(-32001, "There are no samples.")
        run.mkdir(parents=True)
        kept = ("id", "title", "base", "start", "preset")
        facts = {"format": 1, **{name: settings[name] for name in kept}}
        facts.update(step=0, steps=settings.get("steps") or STEPS, problem=None)
        (folder / "settings.json").write_text(json.dumps(settings))
    else:
        raise Failure(-32001, "There is no training to go on with.")

    def note(state: str, problem: object = None) -> None:
        facts.update(state=state, problem=problem)
        save(folder, facts)

    going_on = settings is None
    title = facts["title"]
    note("running")
    for step in range(facts["step"] + 1, facts["steps"] + 1):
        facts["step"] = step
        event = {"event": "loss", "step": step, "total": 2.0 / step}
        events = [event]
        if step % 4 == 0:
            name = f"examples/{step:06}-0.png"
            picture(run / name)
            score = 0.1 * step
            events.append(
                {
                    "event": "validation",
                    "step": step,
                    "mIoU": min(score, 1.0),
                    "best": True,
                    "examples": [name],
                }
            )
        if step == 2:
            events.append({"event": "note", "step": step, "message": "The batch was halved."})
        with (run / "log.jsonl").open("a") as log:
            log.writelines(json.dumps(each) + "\n" for each in events)
        note("running")
        if step == 5 and not going_on:
            if "die" in title:
                os._exit(9)
            if "fail" in title:
                note("failed", "The loss is not a number.")
                raise Failure(-32001, "The loss is not a number.")
        try:
            look_up(request_id, step, facts["steps"], f"Step {step}")
            while "slow" in title and step == 5 and not going_on:
                time.sleep(0.02)
                look_up(request_id, step, facts["steps"], f"Step {step}")
        except Failure:
            note("paused")
            raise
        time.sleep(0.02)
    return publish(folder, facts)


def finish_finetuning(request_id: int, job: str) -> dict:
    folder = Path(job)
    return publish(folder, json.loads((folder / "job.json").read_text()))


def publish(folder: Path, facts: dict) -> dict:
    rows = {"pond": {"n": 3, "before": 0.0, "after": 0.6}}
    card = {
        **CARD,
        "id": facts["id"],
        "title": facts["title"],
        "categories": [*CARD["categories"], "pond"],
        "bundled": False,
        "base": {"id": facts["base"], "sha256": "0" * 64},
        "metrics": {"mIoU before": 0.0, "mIoU after": 0.6, "n": 3, "expressions": rows},
    }
    keep_own([*own(), card])
    facts.update(state="done", problem=None)
    save(folder, facts)
    return card


def save(folder: Path, facts: dict) -> None:
    (folder / "job.json.new").write_text(json.dumps(facts))
    (folder / "job.json.new").replace(folder / "job.json")


def evaluate(
    request_id: int,
    model: str,
    annotations: str,
    out: str,
    split: str | None = "val",
    device: str = "auto",
) -> dict:
    look_up(request_id, 0, 1, "Measuring")
    if not Path(annotations).exists():
        raise Failure(-32001, f"{annotations} is not there.")
    Path(out).mkdir(parents=True, exist_ok=True)
    report = {"model": model, "mIoU": 0.5, "n": 3, "split": split}
    (Path(out) / "report.json").write_text(json.dumps(report))
    (Path(out) / "report.md").write_text("# Report")
    picture(Path(out) / "cases.png")
    names = ("report.json", "report.md", "cases.png")
    return {**report, "files": {name: str(Path(out) / name) for name in names}}


def export_model(request_id: int, model: str, path: str) -> dict:
    card = next(card for card in own() if card["id"] == model)
    Path(path).write_text(json.dumps(card))
    return {"path": path}


def import_model(request_id: int, path: str) -> dict:
    try:
        card = json.loads(Path(path).read_text())
    except ValueError as cause:
        raise Failure(-32001, f"{path} is no exported model.") from cause
    while "slow" in card["title"]:
        time.sleep(0.02)
        look_up(request_id, 1, 2, "Importing")
    keep_own([*own(), card])
    return card


def delete_model(request_id: int, model: str) -> dict:
    keep_own([card for card in own() if card["id"] != model])
    return {}


TRAINING = {
    method.__name__: method
    for method in (
        samples,
        presets,
        finetune,
        finish_finetuning,
        evaluate,
        export_model,
        import_model,
        delete_model,
    )
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
