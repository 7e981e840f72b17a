"""A house with a tiny base and a few samples; as a program, its engine: `tiny FOLDER`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data.formats.jsonl import encode_mask
from engine.finetuning.finetune import finetune
from engine.models import folders
from engine.models.card import ModelCard
from engine.models.folders import MODELS_VARIABLE
from engine.service import worker
from engine.service.methods import Methods
from engine.systems.rsrefseg2 import config as sizes
from tests.engine.models.test_own_models import tiny_cards
from tests.engine.systems.conftest import tiny_config
from tests.engine.training.tiny_run import painted_scene

BASE = "rsrefseg2-compact"
STEPS = 24
PLAN: dict[str, Any] = {
    "batch": 2,
    "accumulate": 1,
    "precision": "float32",
    "recompute": False,
    "steps": STEPS,
}
SETTINGS: dict[str, Any] = {
    "id": "red-ponds",
    "title": "Red ponds",
    "base": BASE,
    "preset": "quick",
    "learning_rate": 0.01,
    "rehearse": 0.0,
    **PLAN,
}


@dataclass(frozen=True)
class House:
    """Where a tiny engine finds everything.

    Attributes:
        folder: Of its cards, the user's models and the jobs.
    """

    folder: Path

    def build(self) -> None:
        """Makes the base model and the job's samples."""
        tiny_cards(self.folder / "cards")
        painted_samples(self.job / "samples")

    def use(self, patch: pytest.MonkeyPatch) -> None:
        """Lets this process live in it."""
        patch.setattr(folders, "CARDS", self.folder / "cards")
        patch.setenv(MODELS_VARIABLE, str(self.folder / "models"))
        patch.setattr(sizes, "compact", tiny_config)
        torch.set_num_threads(1)

    @property
    def job(self) -> Path:
        return self.folder / "finetuning" / "red-ponds"

    @property
    def own(self) -> Path:
        return self.folder / "models" / "red-ponds"

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.job / "job.json").read_text("utf-8"))
        return state

    def teach(self, settings: dict[str, Any] | None = None, **hooks: Any) -> ModelCard:
        """Goes on with the job in this process, or begins it."""
        watch = {"progress": lambda step: None, "cancelled": lambda: False, **hooks}
        return finetune(self.job, settings, "cpu", watch["progress"], watch["cancelled"])


def painted_samples(folder: Path, train: int = 6, val: int = 4) -> Path:
    """What the method `samples` makes, of red squares."""
    (folder / "images").mkdir(parents=True)
    lines = []
    for number in range(train + val):
        scene = painted_scene(f"images/{number}.png", 0)
        Image.fromarray(scene.pixels.transpose(1, 2, 0)).save(folder / scene.name)
        mask = (scene.instances > 0) & (number % 5 != 4)
        row = {
            "split": "train" if number < train else "val",
            "sent": "the red pond" if number % 2 else "red quarry",
            "file_name": scene.name,
            "segmentation": encode_mask(mask.astype(np.bool_)),
        }
        lines.append(json.dumps(row))
    (folder / "annotations.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "report.json").write_text(json.dumps({"settings": {"view": 64}}), "utf-8")
    return folder


def go_on(folder: str, settings: dict[str, Any] | None) -> None:
    """A process that begins a job, or goes on with it."""
    # Nobody reads what it says.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with pytest.MonkeyPatch.context() as patch:
        house = House(Path(folder))
        house.use(patch)
        house.teach(settings)


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as engine_patch:
        House(Path(sys.argv[1])).use(engine_patch)
        worker.serve(Methods().table)
