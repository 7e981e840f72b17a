"""Writes the held-out VHR-10 images with generated expressions as RSRefSeg's jsonl.

`python benchmarks/vhr10_validation.py build/vhr10-validation.jsonl`; then
`python -m engine evaluate` with `--annotations build/vhr10-validation.jsonl` and
`--images ../shared/data/vhr10/images`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.data.formats.jsonl import encode_mask
from engine.data.scenes.coco import CocoInstances
from engine.data.scenes.expressions import ExpressionGenerator
from engine.data.scenes.split import split
from engine.data.scenes.views import visible_objects
from engine.language.categories import VHR10
from engine.training.config import read

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "engine/training/recipes/rsrefseg2-compact.toml"
PER_KIND = 2


def main() -> None:
    """Writes at most two expressions of each kind for every held-out image."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    data = read(RECIPE).data
    source = CocoInstances(
        ROOT / data.annotations, ROOT / data.images, data.labelled_only_if_present
    )
    _, held_out = split(source.present(), data.validation_share)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as lines:
        for number, scene in enumerate(source.scenes(held_out)):
            categories = np.array([-1, *scene.categories])
            instances = torch.from_numpy(scene.instances.astype(np.int64))
            objects = visible_objects(instances, categories, np.array([0.0, *scene.areas]))
            generator = ExpressionGenerator(VHR10, np.random.default_rng((11, number)))
            count: dict[str, int] = {}
            for expression in generator.draw(objects, scene.unlabelled):
                count[expression.kind] = count.get(expression.kind, 0) + 1
                if count[expression.kind] <= PER_KIND:
                    mask = np.isin(scene.instances, expression.numbers)
                    row = {
                        "split": "val",
                        "image_id": number,
                        "sent": expression.text,
                        "kind": expression.kind,
                        "category_name": VHR10[expression.category].name,
                        "file_name": scene.name,
                        "segmentation": encode_mask(mask),
                    }
                    lines.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
