"""RS2-SAM2 gives the published system's numbers, under the published names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from accelerate import init_empty_weights

from benchmarks import parity
from benchmarks.golden.case import Case, cases
from engine.systems.rs2_sam2.checkpoint import NAMES
from engine.systems.rs2_sam2.config import large
from engine.systems.rs2_sam2.model import RS2SAM2

ROOT = Path(__file__).parents[4]
SMALL = ROOT / "tests/data/golden/rs2_sam2"
FULL = ROOT.parent / "shared/golden/rs2_sam2"
with_full = pytest.mark.skipif(
    not FULL.exists(), reason="the shared golden folder is not beside the repository"
)


@pytest.mark.parametrize("case", list(cases(SMALL)), ids=lambda case: case.name)
def test_a_small_case_is_within_its_tolerance(case: Case) -> None:
    output, share = parity.error_share(case)
    assert share <= 1, f"{output}: {share:.2f} times the tolerance"


@with_full
@pytest.mark.parametrize(
    "name",
    ["bidir_fusion_d144", "hiera_block_official_block0_dims", "decoder_text_cross_attention"],
)
def test_the_command_passes_cases_of_the_published_sizes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parity.main([str(FULL), "--case", name]) == 0
    assert "ok" in capsys.readouterr().out


@pytest.mark.slow
@with_full
def test_the_whole_model_gives_the_published_masks() -> None:
    assert parity.main([str(FULL), "--case", "end_to_end_full1024"]) == 0


@pytest.fixture(scope="module")
def whole_model() -> RS2SAM2:
    """The published sizes without their numbers."""
    with init_empty_weights():
        return RS2SAM2(large())


@with_full
def test_the_large_model_has_the_published_tensors_and_trains_the_published_ones(
    whole_model: RS2SAM2,
) -> None:
    published = json.loads((FULL / "keys_full.json").read_text())
    parameters = dict(whole_model.named_parameters())
    assert {
        NAMES.published(name): list(tensor.shape)
        for name, tensor in whole_model.state_dict().items()
    } == {name: shape for name, (shape, _) in published["tensors"].items()}
    assert {NAMES.published(name) for name, p in parameters.items() if not p.requires_grad} == set(
        published["frozen"]
    )
    assert sum(p.numel() for p in parameters.values()) == published["parameters"]
    assert (
        sum(p.numel() for p in parameters.values() if p.requires_grad)
        == published["trainable_parameters"]
    )


def test_names_go_to_the_published_ones_and_back(whole_model: RS2SAM2) -> None:
    names = list(whole_model.state_dict())
    published = [NAMES.published(name) for name in names]
    assert len(set(published)) == len(names)
    assert [NAMES.ours(name) for name in published] == names
