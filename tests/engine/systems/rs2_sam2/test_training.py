"""How RS2-SAM2 is taught: what learns, how fast, from which files, and by which sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.data.batch import Batch
from engine.errors import InputError, ModelError
from engine.language.categories import VHR10
from engine.systems.rs2_sam2 import config as sizes
from engine.systems.rs2_sam2 import training
from engine.systems.rs2_sam2.checkpoint import ADDED_TO_SAM, load_own
from engine.systems.rs2_sam2.decision import foreground_logits
from engine.systems.rs2_sam2.model import RS2SAM2
from engine.systems.rs2_sam2.pretraining import UnionPretraining
from engine.systems.task import Task
from engine.training import run as room
from engine.training.config import DataConfig, OptimiserConfig, TrainingConfig, read
from engine.training.loop.parameters import parameter_groups
from engine.training.loop.schedule import learning_rate
from tests.engine.backbones.spm import WORDS, write_spm
from tests.engine.systems.rs2_sam2.tiny import BEIT3, tiny_config, tiny_model
from tests.engine.training.logs import validations

RECIPES = Path(__file__).resolve().parents[4] / "engine/training/recipes"
SIDE = 64


@pytest.fixture
def config(tmp_path: Path) -> TrainingConfig:
    """Three steps on five painted images in RISBench's layout, two of them to validate on."""
    root = tmp_path / "risbench"
    for folder in ("img_rgb", "mask"):
        (root / folder).mkdir(parents=True)
    mask = np.zeros((90, 120), np.uint8)
    mask[10:40, 12:60] = 255
    for number, split in enumerate(["train", "train", "train", "val", "val"]):
        pixels = np.full((90, 120, 3), 60 + 30 * number, np.uint8)
        pixels[mask > 0] = (250, 10, 10)
        Image.fromarray(pixels).save(root / "img_rgb" / f"{number}.png")
        Image.fromarray(mask).save(root / "mask" / f"{number}.png")
        with (root / f"output_phrase_{split}.txt").open("a") as lines:
            lines.write(f"{number}.png the large ship on the left\n")
    return TrainingConfig(
        model="rs2-sam2-compact",
        out=tmp_path / "out",
        base={"tokenizer": str(write_spm(tmp_path / "beit3.spm"))},
        data=DataConfig(format="risbench", root=root, black_boxes=True),
        optimiser=OptimiserConfig(steps=3, batch=1, warmup=0, schedule="step", clip=0, ema=0),
        side=SIDE,
    )


def base_files(folder: Path, model: RS2SAM2) -> dict[str, str]:
    """SAM 2's and BEiT-3's own files, as they are published."""
    state = model.state_dict()
    sam = {name[4:]: x for name, x in state.items() if name.startswith("sam.")}
    sam = {name: x for name, x in sam.items() if not any(a in name for a in ADDED_TO_SAM)}
    beit3 = {name: x for name, x in state.items() if name.startswith("beit3.")}
    torch.save({"model": sam}, folder / "sam2_hiera_large.pt")
    torch.save(
        {"model": {**beit3, "mlm_head.weight": torch.zeros(3)}},
        folder / "beit3_large_patch16_224.pth",
    )
    return {
        "sam": str(folder / "sam2_hiera_large.pt"),
        "beit3": str(folder / "beit3_large_patch16_224.pth"),
    }


def batch(expressions: list[str], counts: list[int], masks: Tensor | None = None) -> Batch:
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randint(0, 255, (len(counts), 3, SIDE, SIDE), generator=generator)
    squares = torch.zeros(len(expressions), 1, SIDE, SIDE, dtype=torch.uint8)
    squares[..., 10:30, 20:50] = 1
    return Batch(
        pixels=pixels.to(torch.uint8),
        counts=torch.tensor(counts),
        expressions=expressions,
        masks=squares if masks is None else masks,
        category_names=[],
        category_masks=torch.zeros(len(counts), 0, SIDE, SIDE, dtype=torch.uint8),
    )


def task(config: TrainingConfig, **changes: object) -> Task:
    torch.manual_seed(0)
    return training.referring(tiny_config(), replace(config, **changes))  # type: ignore[arg-type]


# The whole way


def test_sam_keeps_what_it_sees_and_everything_else_learns(
    tmp_path: Path, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From base models in the published layout to weights that load."""
    monkeypatch.setattr(sizes, "compact", tiny_config)
    base = {**config.base, **base_files(tmp_path, tiny_model(seed=5))}
    weights = room.run(replace(config, base=base, recompute=True), "cpu")

    taught, before = tiny_model(seed=1), tiny_model(seed=5).state_dict()
    load_own(taught, weights)
    after = taught.state_dict()
    encoder = [n for n in after if "image_encoder" in n and not any(a in n for a in ADDED_TO_SAM)]
    assert len(encoder) > 20
    for name in encoder:  # the file holds two bytes a number
        assert torch.allclose(after[name], before[name], rtol=2**-8, atol=1e-6), name
    moved = {n for n, x in after.items() if not torch.allclose(x, before[n], rtol=2**-7, atol=1e-5)}
    for part in ("Space_Adapter", "beit3.encoder", "token_mlp", "mask_prompt", "mask_decoder"):
        assert any(part in name for name in moved), part

    (metrics,) = validations(config.out)
    assert (metrics["step"], metrics["n"]) == (3, 2)
    assert 0 <= metrics["mIoU"] <= 1


def test_a_trained_model_is_taken_up_again(tmp_path: Path, config: TrainingConfig) -> None:
    first = task(config)
    first.export(first.network.state_dict(), tmp_path / "kept.safetensors")
    torch.manual_seed(7)
    again = task(config, initial=str(tmp_path / "kept.safetensors")).network.state_dict()
    for name, value in first.network.state_dict().items():
        assert torch.allclose(again[name], value, rtol=2**-8, atol=1e-4), name


# The union encoder alone


UPPER_LEFT, LOWER_RIGHT, PARTLY_KNOWN = 2, 5, 9
VIEWS, STEPS = 8, 120


def categories() -> Batch:
    """Views with a category in each of two quarters and one that half of them do not know."""
    assert len(WORDS) == len(VHR10)
    masks = torch.zeros(VIEWS, len(VHR10), SIDE, SIDE, dtype=torch.uint8)
    masks[:, UPPER_LEFT, : SIDE // 2, : SIDE // 2] = 1
    masks[:, LOWER_RIGHT, SIDE // 2 :, SIDE // 2 :] = 1
    masks[VIEWS // 2 :, PARTLY_KNOWN] = 255
    views = batch(["the ship"] * VIEWS, [1] * VIEWS)
    return replace(views, category_names=list(WORDS), category_masks=masks)


def found(network: UnionPretraining, shown: Batch) -> tuple[float, float]:
    """Mean overlap of the two categories there are, and the share found of those there are not.

    A network that does not hear the name finds the same for both, so that the overlaps of two
    disjoint quarters have a mean of at most one half.
    """
    intersections, unions = network.overlaps(shown)
    there = [UPPER_LEFT, LOWER_RIGHT]
    asked = len(shown.pixels) * (len(VHR10) - len(there)) - VIEWS // 2
    false = unions.sum() - unions[there].sum()
    overlap = (intersections[there] / unions[there]).mean()
    return float(overlap), float(false) / (asked * BEIT3.grid**2)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_union_encoder_learns_what_is_named_and_becomes_a_base_model(
    tmp_path: Path, config: TrainingConfig, seed: int
) -> None:
    torch.manual_seed(seed)
    taught = training.union_encoder(tiny_config(), config)
    network: UnionPretraining = taught.network  # type: ignore[assignment]
    shown = categories()
    untaught, _ = found(network, shown)
    move = torch.optim.Adam(network.parameters(), 0.01)
    slower = torch.optim.lr_scheduler.LinearLR(move, 1.0, 0.0, STEPS)
    for _ in range(STEPS):
        move.zero_grad()
        torch.stack(list(taught.losses(network, shown).values())).sum().backward()
        move.step()
        slower.step()
    overlap, false = found(network, shown)
    assert untaught < 0.5
    assert overlap > 0.75, "more than a network can that does not hear the name"
    assert false < 0.15, "little is found where nothing is"

    taught.export(network.state_dict(), tmp_path / "beit3.safetensors")
    files = base_files(tmp_path, tiny_model())
    base = {**config.base, **files, "beit3": str(tmp_path / "beit3.safetensors")}
    assert torch.equal(
        task(config, base=base).network.beit3.text_embed.weight,  # type: ignore[union-attr]
        network.beit3.text_embed.weight,
    )


def test_what_is_not_known_of_a_view_teaches_nothing(config: TrainingConfig) -> None:
    torch.manual_seed(0)
    network = training.union_encoder(tiny_config(), config).network
    shown = categories()
    shown.category_masks[:] = 255
    shown.category_masks[:, 4] = 0
    torch.stack(list(network.losses(shown).values())).sum().backward()  # type: ignore[operator]
    head = network.classify.weight.grad  # type: ignore[union-attr]
    taught = [bool(row.abs().max() > 1e-9) for row in head]  # type: ignore[union-attr]
    assert taught == [True, *(number == 4 for number in range(len(VHR10)))]


# Sentences


def test_every_sentence_is_asked_of_its_own_image(config: TrainingConfig) -> None:
    taught = task(config, variant="tbl-mpg")
    taught.network.eval()
    texts = ["the large ship", "the white tank", "the storage tank"]  # equally long: no padding
    together = taught.losses(taught.network, batch(texts, [1, 2]))
    whole = batch(texts, [1, 2])
    ces = []
    for text, image in zip(texts, (0, 1, 1), strict=True):
        one = replace(batch([text], [1]), pixels=whole.pixels[image : image + 1])
        ces.append(float(taught.losses(taught.network, one)["ce"].detach()))
    assert float(together["ce"].detach()) == pytest.approx(sum(ces) / 3, rel=1e-4)
    assert max(ces) - min(ces) > 1e-6


def test_pixels_that_count_for_nothing_count_for_nothing(config: TrainingConfig) -> None:
    taught = task(config, variant="paper-loss")
    taught.network.eval()
    masks = batch(["the ship"], [1]).masks
    masks[..., SIDE // 2 :] = 255
    unknown = batch(["the ship"], [1], masks)
    half = taught.losses(taught.network, unknown)
    assert all(torch.isfinite(part) for part in half.values())
    everything = taught.losses(taught.network, batch(["the ship"], [1]))
    assert float((half["ce"] - everything["ce"]).abs().detach()) > 1e-7
    output = training._answer(
        Beit3Tokenizer(Path(config.base["tokenizer"]), BEIT3),
        taught.network,  # type: ignore[arg-type]
        unknown.pixels,
        ["the ship"],
    )
    values = training._resized(output.masks.logits, (SIDE, SIDE))
    left = slice(0, SIDE // 2)
    ce = torch.nn.functional.cross_entropy(
        torch.cat([1 - values, values], 1)[..., left],
        masks[:, 0, :, left].long(),
        torch.tensor([0.9, 1.1]),
    )
    assert float(half["ce"].detach()) == pytest.approx(float(ce.detach()), rel=1e-5)


def test_validation_asks_one_sentence_at_a_time(config: TrainingConfig) -> None:
    """Padding is looked at, so an answer must not depend on its neighbours."""
    taught = task(config)
    tokenizer = Beit3Tokenizer(Path(config.base["tokenizer"]), BEIT3)
    model: RS2SAM2 = taught.network.eval()  # type: ignore[assignment]
    pixels = batch(["the ship"], [1]).pixels[0]
    texts = ["the ship", "the large white storage tank on the left"]
    with torch.inference_mode():
        together = training.predict(tokenizer, model, pixels, texts)
        alone = training.predict(tokenizer, model, pixels, texts[:1])
        at_once = training._answer(tokenizer, model, pixels.expand(2, -1, -1, -1), texts)
    padded = foreground_logits(training._resized(at_once.masks.logits, (SIDE, SIDE)))[:1, 0]
    assert together.shape == (2, SIDE, SIDE)
    error = (together[:1] - alone).abs().max()
    assert (padded - alone).abs().max() > 10 * max(error, 1e-5)


# What a run must say


def test_a_run_without_a_tokenizer_says_where_to_name_it(config: TrainingConfig) -> None:
    with pytest.raises(InputError, match=r"beit3\.spm.*base\.tokenizer"):
        task(config, base={})


def test_an_unknown_variant_is_refused_with_those_there_are(config: TrainingConfig) -> None:
    with pytest.raises(InputError, match=r"'without-everything'.*baseline.*without-bl"):
        task(config, variant="without-everything")


def test_a_base_model_of_another_size_is_refused(tmp_path: Path, config: TrainingConfig) -> None:
    base = {**config.base, **base_files(tmp_path, tiny_model())}
    state = torch.load(base["sam"], weights_only=True)
    state["model"].pop("no_mem_embed")
    torch.save(state, base["sam"])
    with pytest.raises(ModelError, match="no_mem_embed"):
        task(config, base=base)


def test_an_objective_that_a_model_has_not_is_refused(config: TrainingConfig) -> None:
    large = replace(config, model="rs2-sam2-large", objective="encoders")
    with pytest.raises(InputError, match=r"rs2-sam2-large.*'encoders'"):
        room.run(large, "cpu")


# The paper's recipes


@pytest.mark.parametrize(
    ("name", "sentences", "epochs", "rate", "fusion", "boxes"),
    [("rrsisd", 12_181, 40, 1e-5, 5e-5, True), ("refsegrs", 2_172, 60, 5e-5, 1e-4, False)],
)
def test_the_recipes_are_the_papers(
    name: str, sentences: int, epochs: int, rate: float, fusion: float, boxes: bool
) -> None:
    recipe = read(RECIPES / f"rs2-sam2-{name}.toml")
    optimiser, devices = recipe.optimiser, 8
    assert optimiser.steps * devices == pytest.approx(sentences * epochs, abs=devices)
    assert (optimiser.batch, optimiser.weight_decay) == (1, 0.01)
    assert recipe.data.black_boxes is boxes

    share = learning_rate(optimiser)
    drop = optimiser.steps * (epochs - 10) / epochs
    assert (share(0), share(round(drop) - 5)) == (1, 1)
    assert share(round(drop) + 5) == pytest.approx(0.1)
    assert share(optimiser.steps) == pytest.approx(0.1)

    model = tiny_model()
    of = {
        id(p): group["lr"] for group in parameter_groups(model, optimiser) for p in group["params"]
    }
    rates = {name: of[id(p)] for name, p in model.named_parameters() if id(p) in of}
    fused = [n for n in rates if "_Adapter" in n or "vlfusion" in n or n.startswith("mask_prompt")]
    assert len(fused) > 20
    expected = {name: fusion if name in fused else rate for name in rates}
    assert rates == pytest.approx(expected)
