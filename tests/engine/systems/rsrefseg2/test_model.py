"""What the model promises besides its numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.data.batch import Batch
from engine.data.formats import risbench
from engine.data.referring import Fit, ReferringBatches
from engine.models import zoo
from engine.systems.rsrefseg2 import losses
from engine.systems.rsrefseg2.config import LossWeights
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.objective import training_losses
from engine.systems.rsrefseg2.prompter import pool_words
from engine.systems.rsrefseg2.segmenter import RSRefSeg2Segmenter
from tests.engine.data import folders
from tests.engine.systems.conftest import tiny_config

Alignment = Callable[[Tensor, Tensor], Tensor]

CPU = torch.device("cpu")


def segmenter(resize: str) -> RSRefSeg2Segmenter:
    torch.manual_seed(0)
    return RSRefSeg2Segmenter(
        RSRefSeg2(tiny_config(resize=resize)), zoo.card("rsrefseg2-compact"), "0" * 64, CPU
    )


@pytest.mark.parametrize("resize", ["pad", "fit"])
@pytest.mark.parametrize("size", [(64, 64), (1, 1), (200, 30), (37, 91)])
def test_logits_have_the_size_of_the_view(resize: str, size: tuple[int, int]) -> None:
    model = segmenter(resize)
    view = torch.randint(0, 255, (3, *size), dtype=torch.uint8)
    logits = model.decode(model.encode(view[None]), "the ship on the left")[0]
    assert logits.shape == size
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


def test_views_answer_together_as_they_answer_alone() -> None:
    model = segmenter("pad")
    views = torch.randint(0, 255, (3, 3, 40, 60), dtype=torch.uint8)
    features = model.encode(views)
    together = model.decode(features, "the ship on the left")
    assert together.shape == (3, 40, 60)
    assert not torch.allclose(together[0], together[1])
    for view, logits in zip(views, together, strict=True):
        alone = model.decode(model.encode(view[None]), "the ship on the left")[0]
        assert torch.allclose(logits, alone, atol=1e-4)
    # What is kept of one view does not keep the others in memory.
    sam = features[1].image.sam
    for tensor in (features[1].image.image_map, sam.embedding, *sam.high_resolution):
        assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()


def test_padding_is_cut_off_and_the_rest_stays_in_place() -> None:
    """A view of half the height answers as the upper half of the same view with black below it."""
    model = segmenter("pad")
    wide = torch.randint(0, 255, (3, 32, 64), dtype=torch.uint8)
    square = F.pad(wide, (0, 0, 0, 32))
    assert torch.allclose(
        model.decode(model.encode(wide[None]), "ship")[0],
        model.decode(model.encode(square[None]), "ship")[0, :32],
        atol=1e-5,
    )


sides = st.integers(1, 4000)


@given(sides, sides)
def test_a_fitted_input_has_the_shape_of_its_view_and_never_enlarges_it(h: int, w: int) -> None:
    config = tiny_config(resize="fit", largest_scale=0.5)
    shown, whole = config.input_shape(h, w)
    assert shown == whole, "nothing is padded"
    scale = min(64 / max(h, w), 0.5)
    for side, size in zip(whole, (h, w), strict=True):
        assert side % 32 == 0
        assert size * scale - 0.5 <= side < max(1, size * scale + 0.5) + 32
        assert side <= 64


def test_a_finer_view_is_shown_at_the_ground_resolution_the_model_knows() -> None:
    """The same ground, at whatever resolution finer than a metre, is the same input."""
    config = tiny_config(resize="fit", largest_scale=0.5, ground=2.0)
    assert {config.input_shape(128 * n, 64 * n, 1 / n) for n in (1, 2, 4)} == {((64, 32),) * 2}
    assert config.input_shape(128, 64) == ((64, 32), (64, 32)), "as it is, where nothing is known"
    assert config.input_shape(60, 60, 4.0) == ((32, 32), (32, 32)), "never enlarged beyond a half"


@given(sides, sides)
def test_a_padded_input_is_the_square_and_keeps_the_ratio(h: int, w: int) -> None:
    shown, whole = tiny_config(resize="pad").input_shape(h, w)
    assert whole == (64, 64)
    assert max(shown) == 64
    for side, size in zip(shown, (h, w), strict=True):
        assert side == pytest.approx(64 * size / max(h, w), abs=1)


@pytest.mark.parametrize(("presence", "share"), [(-5.0, 0.0), (1000.0, 1.0)])
def test_no_logit_rises_above_that_of_anything_being_there(presence: float, share: float) -> None:
    """A denied presence empties the mask; a sure one changes nothing."""
    image = torch.rand(1, 3, 64, 64)
    answers = []
    for heeded in (True, False):
        torch.manual_seed(0)
        model = RSRefSeg2(tiny_config(presence=heeded, resize="fit")).eval()
        score = model.sam.sam_mask_decoder.pred_obj_score_head.layers[-1]
        with torch.inference_mode():
            score.weight.zero_()
            score.bias.fill_(presence)
            answers.append(model(image, model.encoder.tokenize(["the ship"])).masks.logits)
    heeded, free = answers
    assert torch.allclose(heeded, free.clamp(max=presence), atol=1e-5)
    found, whole = (float((logits > 0).float().mean()) for logits in answers)
    assert found == pytest.approx(share * whole, abs=0.01)
    assert whole > 0.1


def test_the_presence_is_taught_by_whether_anything_is_meant(model: RSRefSeg2) -> None:
    """Its gradient pulls up where a mask has something in it, and down where it has nothing."""
    config = dataclasses.replace(model.config, loss=LossWeights(ce=0, dice=0, presence=1.0))
    model.config = config
    head = model.sam.sam_mask_decoder.pred_obj_score_head.layers[-1].bias
    signs = []
    for meant in (0, 1):
        masks = torch.full((1, 1, 64, 64), meant, dtype=torch.uint8)
        pixels = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
        nothing = torch.zeros(1, 0, 64, 64, dtype=torch.uint8)
        batch = Batch(pixels, torch.tensor([1]), ["the ship"], masks, [], nothing)
        model.zero_grad()
        training_losses(model, batch)["presence"].backward()
        signs.append(head.grad.sign().item())
    assert signs == [1.0, -1.0]


def test_the_answer_depends_on_the_expression_and_not_on_its_neighbours(model: RSRefSeg2) -> None:
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        features = model.encode(image)
        alone = model.decode(
            features, model.encoder.text(model.encoder.tokenize(["the ship"]))
        ).masks.logits
        both = model.encoder.text(
            model.encoder.tokenize(["the ship", "all the tennis courts on the left side"])
        )
        together = model.decode(features.repeat_interleave(torch.tensor([2])), both).masks.logits
    assert torch.allclose(alone[0], together[0], atol=1e-5)
    assert (together[0] - together[1]).abs().max() > 100 * (alone[0] - together[0]).abs().max()


@pytest.mark.parametrize("length", [3, 4, 7, 11, 64])
def test_pooling_words_is_adaptive_average_pooling(length: int) -> None:
    words = torch.randn(2, length, 5)
    expected = F.adaptive_avg_pool1d(words.transpose(1, 2), 3).transpose(1, 2)
    assert torch.allclose(pool_words(words, None, 3), expected, atol=1e-6)


def test_pooling_words_leaves_padding_out() -> None:
    words = torch.randn(1, 9, 5)
    padded = torch.cat([words, torch.full((1, 4, 5), 1e3)], 1)
    valid = torch.arange(13)[None] < 9
    assert torch.allclose(pool_words(padded, valid, 3), pool_words(words, None, 3), atol=1e-6)


def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    masks = torch.zeros(3, 1, 64, 64, dtype=torch.uint8)
    masks[:, :, 10:40, 20:50] = 1
    categories = torch.zeros(2, 2, 64, 64, dtype=torch.uint8)
    categories[:, 0, 10:40, 20:50] = 1
    return Batch(
        torch.randint(0, 255, (2, 3, 64, 64), generator=generator, dtype=torch.uint8),
        torch.tensor([2, 1]),
        ["the ship", "all ships", "the boat"],
        masks,
        ["ship", "plane"],
        categories,
    )


# They shift all that a softmax chooses from alike: their gradients are nothing but rounding.
SHIFTS = ("k_proj.bias", "head.logit_bias1")


def test_every_part_of_the_model_learns(model: RSRefSeg2) -> None:
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):  # the first step opens the residual branches, which start at zero
        optimiser.zero_grad()
        parts = training_losses(model, batch())
        torch.stack(list(parts.values())).sum().backward()
        optimiser.step()
    assert set(parts) == {"ce", "dice", "ortho", "sample", "dense", "spatial"}
    silent = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    for group in (
        "encoder.model.visual.trunk",
        "encoder.model.token",
        "sam.image_encoder.trunk",
        "prompter",
        "head",
    ):
        names = {name for name, _ in model.named_parameters() if name.startswith(group)}
        names = {name for name in names if not name.endswith(SHIFTS)}
        assert len(names & silent) < 0.1 * len(names), sorted(names & silent)


def test_a_weight_of_zero_leaves_its_term_out() -> None:
    torch.manual_seed(0)
    model = RSRefSeg2(
        tiny_config(loss=LossWeights(ce=1, dice=1, ortho=0.1, sample=0, dense=0, spatial=0))
    )
    assert set(training_losses(model, batch())) == {"ce", "dice", "ortho"}


def test_training_lowers_the_loss(model: RSRefSeg2) -> None:
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    data = batch()
    totals = []
    for _ in range(10):
        total = torch.stack(list(training_losses(model, data).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert totals[-1] < 0.6 * totals[0]


def test_a_category_without_labels_teaches_nothing() -> None:
    logits = torch.randn(2, 2, 4, 4, requires_grad=True)
    masks = torch.zeros(2, 2, 16, 16, dtype=torch.uint8)
    masks[1, 1] = losses.IGNORE
    losses.spatial_alignment(logits, masks).backward()
    assert logits.grad is not None
    assert not logits.grad[1, 1].any()
    assert logits.grad[0, 1].any()


ALIGNMENTS = [losses.dense_alignment, losses.spatial_alignment]


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_an_alignment_is_that_of_the_known_part(alignment: Alignment) -> None:
    logits = torch.randn(2, 1, 4, 4)
    masks = torch.randint(0, 2, (2, 1, 16, 16), dtype=torch.uint8)
    padded = masks.clone()
    padded[..., 8:] = losses.IGNORE
    known = alignment(logits[..., :2], masks[..., :8])
    assert torch.allclose(alignment(logits, padded), known)
    assert not torch.allclose(alignment(logits, masks), known)


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_a_position_known_in_part_is_judged_by_that_part(alignment: Alignment) -> None:
    """Where all that is known is meant, a sure yes is right, however little is known."""
    masks = torch.ones(1, 1, 16, 16, dtype=torch.uint8)
    masks[..., 1:] = losses.IGNORE
    assert float(alignment(torch.full((1, 1, 4, 4), 20.0), masks)) < 1e-6


def without_categories(masks: Tensor) -> Batch:
    with_categories = batch()
    return dataclasses.replace(
        with_categories,
        masks=masks,
        category_names=[],
        category_masks=torch.zeros(2, 0, 64, 64, dtype=torch.uint8),
    )


def test_without_categories_each_expression_is_aligned_with_its_own_mask(model: RSRefSeg2) -> None:
    """The second image's sentence is judged on the second image alone."""
    masks = batch().masks
    masks[2] = losses.IGNORE
    pixels = without_categories(masks).pixels
    expected = []
    for image, sentence in ((0, "the ship"), (0, "all ships")):
        features = model.encode(pixels[image : image + 1].float() / 255)
        text = model.encoder.text(model.encoder.tokenize([sentence])).pooled
        logits = model.head.spatial_logits(features.image_map, text[None])
        expected.append(losses.spatial_alignment(logits, masks[:1]))
    found = training_losses(model, without_categories(masks))["spatial"]
    assert torch.allclose(found, torch.stack(expected).mean(), atol=1e-5)


def test_what_is_ignored_teaches_nothing(model: RSRefSeg2) -> None:
    unknown = torch.full_like(batch().masks, losses.IGNORE)
    parts = training_losses(model, without_categories(unknown))
    parts.pop("ortho")  # is about the sentences alone
    torch.stack(list(parts.values())).sum().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert max(float(gradient.abs().max()) for gradient in gradients) < 1e-6


def test_dice_does_not_see_padding() -> None:
    """Whatever the model says there, the overlap is counted in the rest."""
    masks = batch().masks
    masks[..., 50:] = losses.IGNORE
    logits = torch.full((3, 1, 64, 64), 20.0).masked_fill(masks == 0, -20.0)
    assert float(losses.dice(logits, masks)) > 0.5
    assert float(losses.known_dice(logits, masks)) < 1e-5


@pytest.mark.parametrize("fit", ["stretch", "pad"])
def test_a_step_on_samples_of_a_data_set_teaches_every_part(tmp_path: Path, fit: Fit) -> None:
    torch.manual_seed(0)
    model = RSRefSeg2(tiny_config()).train()
    root = folders.risbench(tmp_path, "train", "1.png the ship\n2.png a bridge below the road")
    batches = ReferringBatches(list(risbench.read(root)), 2, 0, 1, side=64, fit=fit)
    parts = training_losses(model, batches.batch(0))
    assert set(parts) == {"ce", "dice", "ortho", "sample", "dense", "spatial"}
    assert all(torch.isfinite(part) for part in parts.values())
    torch.stack(list(parts.values())).sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert all(torch.isfinite(gradient).all() for gradient in gradients.values())
    for room in ("encoder", "sam", "prompter", "head.logit_scale2"):
        assert any(g.any() for name, g in gradients.items() if name.startswith(room)), room


def test_only_adapters_and_what_was_added_train(siglip_model: RSRefSeg2) -> None:
    frozen = {name for name, p in siglip_model.named_parameters() if not p.requires_grad}
    assert all(
        name.startswith(("encoder.", "sam.image_encoder.")) and ".lora_" not in name
        for name in frozen
    )
    trained = {name for name, p in siglip_model.named_parameters() if p.requires_grad}
    assert {"encoder.language.logit_scale", "sam.no_mem_embed", "prompter.img_pe"} <= trained
    assert any(".lora_A" in name and "trunk" in name for name in trained)
    assert any(".lora_A" in name and "vision" in name for name in trained)
    assert any(".lora_A" in name and "language" in name for name in trained)
