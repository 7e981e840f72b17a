"""RSRefSeg 2 gives the published system's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import parity
from benchmarks.golden.case import Case, cases
from engine.systems.rsrefseg2.checkpoint import NAMES
from engine.systems.rsrefseg2.config import large
from engine.systems.rsrefseg2.model import RSRefSeg2

ROOT = Path(__file__).parents[4]
SMALL = ROOT / "tests/data/golden/rsrefseg2"
FULL = ROOT.parent / "shared/golden/rsrefseg2"


@pytest.mark.parametrize("case", list(cases(SMALL)), ids=lambda case: case.name)
def test_a_small_case_is_within_its_tolerance(case: Case) -> None:
    output, share = parity.error_share(case)
    assert share <= 1, f"{output}: {share:.2f} times the tolerance"


@pytest.mark.skipif(
    not FULL.exists(), reason="the shared golden folder is not beside the repository"
)
def test_the_command_passes_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(FULL), "--case", "prompter_official_dims"]) == 0
    assert "ok" in capsys.readouterr().out


def test_the_command_fails_when_a_number_is_off(tmp_path: Path) -> None:
    manifest = json.loads((SMALL / "manifest.json").read_text())
    case = next(c for c in manifest["cases"] if c["name"] == "decomposition_layer_small")
    case["inputs"]["q1"]["scale"] = 1.001
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "cases": [case]}))
    (tmp_path / "cases").symlink_to(SMALL / "cases")
    assert parity.main([str(tmp_path)]) == 1


@pytest.mark.slow
@pytest.mark.skipif(
    not FULL.exists(), reason="the shared golden folder is not beside the repository"
)
def test_the_large_model_has_the_published_tensors_and_trains_the_published_ones() -> None:
    model = RSRefSeg2(large())
    published = json.loads((FULL / "keys_full.json").read_text())
    ours = {
        NAMES.published(name): list(tensor.shape) for name, tensor in model.state_dict().items()
    }
    trained = {NAMES.published(name) for name, p in model.named_parameters() if p.requires_grad}
    assert ours == {name: shape for name, (shape, _) in published["tensors"].items()}
    assert trained == set(published["trainable"])
    assert (
        sum(p.numel() for p in model.parameters() if p.requires_grad)
        == published["trainable_parameters"]
    )
