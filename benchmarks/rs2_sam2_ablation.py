"""Do the parts of RS2-SAM2 help? Rows of Table 3 at a size that a CPU trains, on NWPU VHR-10.

`python benchmarks/rs2_sam2_ablation.py runs/rs2-sam2-compact [ROW ...]`

Every row starts from one base: SAM 2 with the weights that the bundled model has learnt on the same
training images, a union encoder that has learnt their categories, and a tokenizer made of their
sentences.
Only the parts of the model differ. Writes ablation.json and ablation.md into the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers.convert_slow_tokenizer import import_protobuf

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.models.weights import read_small
from engine.systems.rs2_sam2.config import ABLATIONS, compact
from engine.systems.rs2_sam2.model import RS2SAM2
from engine.training.config import TrainingConfig, read
from engine.training.data import training_data
from engine.training.run import run

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "engine/training/recipes"
BUNDLED = ROOT / "resources/models/rsrefseg2-compact.safetensors"
WHOLE = "whole"
ROWS = {
    "baseline": "baseline",
    "tbl": "+ boundary loss",
    "tbl-mpg": "+ boundary loss + MPG",
    "tbl-bhfm": "+ boundary loss + BHFM",
    WHOLE: "all",
}
SENTENCE_BATCHES = 300
RESERVED_PIECES = ("<unk>", "<s>", "</s>")
SPECIAL_TOKENS = 2 + len(RESERVED_PIECES)
CONTROL, UNKNOWN, NORMAL = 3, 2, 1


def main() -> None:
    """Trains what has not been trained, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("rows", nargs="*", default=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    config = read(RECIPES / "rs2-sam2-compact.toml")
    base = write_base(config, options.out)
    for row in options.rows:
        out = options.out / f"{row}-{options.seed}"
        variant = "" if row == WHOLE else row
        run(replace(config, base=base, variant=variant, out=out, seed=options.seed), "cpu")
    write_table(options.out)


def write_base(config: TrainingConfig, out: Path) -> dict[str, str]:
    """The files that every row starts from, in the layouts of the published ones."""
    folder = out / "base"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer, sam, beit3 = folder / "beit3.spm", folder / "sam2.pt", folder / "kept.safetensors"
    if not tokenizer.exists():
        write_tokenizer(config, tokenizer)
    if not sam.exists():
        write_sam(sam)
    if not beit3.exists():
        encoder = read(RECIPES / "rs2-sam2-compact-encoder.toml")
        run(replace(encoder, base={"tokenizer": str(tokenizer)}, out=folder), "cpu")
    return {"tokenizer": str(tokenizer), "sam": str(sam), "beit3": str(beit3)}


def write_sam(path: Path) -> None:
    """SAM 2 with what the bundled model has learnt of it; the memory it never runs is random."""
    learnt = read_small(BUNDLED)
    torch.manual_seed(0)
    state = RS2SAM2(ABLATIONS["baseline"](compact())).sam.state_dict()
    torch.save({"model": {name: learnt.get(f"sam.{name}", x) for name, x in state.items()}}, path)


def write_tokenizer(config: TrainingConfig, path: Path) -> None:
    """A sentencepiece model as `beit3.spm` is one, of the pieces of the training sentences."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=compact().beit3.tokens - SPECIAL_TOKENS + 1,
        unk_token="<unk>",
        special_tokens=["<unk>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences(config), trainer)
    model = import_protobuf().ModelProto()
    model.trainer_spec.model_type = 1
    for piece in RESERVED_PIECES:
        model.pieces.add(piece=piece, score=0.0, type=UNKNOWN if piece == "<unk>" else CONTROL)
    for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]:
        if piece != "<unk>":
            model.pieces.add(piece=piece, score=score, type=NORMAL)
    path.write_bytes(model.SerializeToString())


def sentences(config: TrainingConfig) -> Iterator[str]:
    """Sentences of the first training steps."""
    data = training_data(replace(config, side=64))
    for batch in data.batches(0, SENTENCE_BATCHES, 0, 1):
        yield from batch.expressions


def write_table(out: Path) -> None:
    """The last validation of every trained row, and the mean over its seeds."""
    lines = ["| | seeds | mIoU | oIoU | Pr@0.5 |", "|---|---|---|---|---|"]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row, title in ROWS.items():
        runs = {
            path.parent.name: json.loads(path.read_text("utf-8").splitlines()[-1])
            for path in sorted(out.glob(f"{row}-[0-9]*/log.jsonl"))
        }
        if runs:
            found[row] = runs
            means = [
                fmean(metrics[name] for metrics in runs.values())
                for name in ("mIoU", "oIoU", "Pr@0.5")
            ]
            values = " | ".join(f"{mean:.3f}" for mean in means)
            lines.append(f"| {title} | {len(runs)} | {values} |")
    (out / "ablation.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    (out / "ablation.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
