"""A run that is ended in any way goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.errors import Cancelled, OutOfMemory, OutputError, RasterError
from engine.files.outputs import FILES, UNFINISHED
from engine.raster.source import Source
from engine.segmentation.result import Result
from engine.segmentation.segment import segment
from tests.engine.painting import NORTH_UP, UTM, Oracle, Partial, painted, truth, write

ROOT = Path(__file__).resolve().parents[3]
RASTERS = ("probability", "mask")


def noise(height: int = 130, width: int = 150) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (3, height, width), np.uint8)


@pytest.fixture
def scene(tmp_path: Path) -> Source:
    return Source(write(tmp_path / "scene.tif", noise()))


def rasters(folder: Path) -> dict[str, bytes]:
    return {name: (folder / FILES[name]).read_bytes() for name in RASTERS}


class Watched(Partial):
    """Counts its looks, and stumbles over one of them."""

    def __init__(self, stumble: int = -1, cause: BaseException | None = None, **card: Any) -> None:
        super().__init__(**card)
        self.looks = 0
        self.stumble, self.cause = stumble, cause

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        self.looks += 1
        if self.cause is not None and self.looks > self.stumble:
            raise self.cause
        return super().decode(features, expression)


class Stumbled(Exception):
    pass


@pytest.mark.parametrize("fatal", [0, 4, 5, 9, 19])
def test_a_killed_run_leaves_no_half_file_and_the_next_goes_on(
    tmp_path: Path, scene: Source, fatal: int
) -> None:
    out = tmp_path / "out"
    given = [scene.path, str(out), str(fatal)]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.engine.segmentation.dying_run", *given], cwd=ROOT
    )
    assert ended.returncode == -signal.SIGKILL
    assert not any((out / name).exists() for name in FILES.values())

    model = Watched()
    segment(scene, "the ship", model, out)
    # Rows of five windows; one row is looked at again, for the next one blends into it.
    assert model.looks <= 20 - max(0, fatal // 5 - 1) * 5
    assert [path.name for path in out.iterdir() if path.name not in FILES.values()] == []

    segment(scene, "the ship", Partial(), tmp_path / "whole")
    assert rasters(out) == rasters(tmp_path / "whole")


@given(
    height=st.integers(20, 120),
    window=st.integers(8, 40),
    overlap=st.floats(0, 0.9),
    stumbles=st.lists(st.integers(0, 60), min_size=1, max_size=3),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_however_often_and_wherever_it_is_ended(
    tmp_path_factory: pytest.TempPathFactory,
    height: int,
    window: int,
    overlap: float,
    stumbles: list[int],
) -> None:
    """Windows may share more than half of their pixels: three rows of them meet in one pixel."""
    folder = tmp_path_factory.mktemp("run")
    source = Source(write(folder / "scene.tif", noise(height, 50)))
    card = {"view": 10, "window": window, "overlap": int(overlap * window)}
    for stumble in stumbles:
        with suppress(Stumbled):
            segment(source, "the ship", Watched(stumble, Stumbled(), **card), folder / "out")
            break
        assert not (folder / "out" / FILES["probability"]).exists()
    segment(source, "the ship", Watched(**card), folder / "out")
    segment(source, "the ship", Watched(**card), folder / "whole")
    assert rasters(folder / "out") == rasters(folder / "whole")


def test_a_cancelled_run_goes_on_too(tmp_path: Path, scene: Source) -> None:
    asked = count()
    with pytest.raises(Cancelled):
        segment(scene, "the ship", Partial(), tmp_path / "out", cancelled=lambda: next(asked) > 12)
    model = Watched()
    segment(scene, "the ship", model, tmp_path / "out")
    assert model.looks <= 15


def test_a_run_that_is_ended_after_its_windows_looks_at_none_again(
    tmp_path: Path, scene: Source
) -> None:
    asked = count()
    with pytest.raises(Cancelled):
        segment(scene, "the ship", Partial(), tmp_path / "out", cancelled=lambda: next(asked) > 21)
    model = Watched()
    segment(scene, "the ship", model, tmp_path / "out")
    segment(scene, "the ship", Partial(), tmp_path / "whole")
    assert model.looks == 0
    assert rasters(tmp_path / "out") == rasters(tmp_path / "whole")


def another_expression(scene: Source) -> tuple[Source, str, Watched]:
    return scene, "the green ship", Watched()


def another_model(scene: Source) -> tuple[Source, str, Watched]:
    model = Watched()
    model.weights_sha256 = "f" * 64
    return scene, "the ship", model


def other_pixels(scene: Source) -> tuple[Source, str, Watched]:
    write(Path(scene.path), 255 - noise())
    return scene, "the ship", Watched()


def other_bands(scene: Source) -> tuple[Source, str, Watched]:
    return Source(scene.path, bands=(3, 2, 1)), "the ship", Watched()


@pytest.mark.parametrize("change", [another_expression, another_model, other_pixels, other_bands])
def test_another_request_does_not_go_on_from_there(
    tmp_path: Path, scene: Source, change: Callable[[Source], tuple[Source, str, Watched]]
) -> None:
    with pytest.raises(Stumbled):
        segment(scene, "the ship", Watched(17, Stumbled()), tmp_path / "out")
    source, expression, model = change(scene)
    segment(source, expression, model, tmp_path / "out")
    assert model.looks == 20


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path, scene: Source) -> None:
    class Meanwhile(Partial):
        def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
            with pytest.raises(OutputError, match="Another run is writing"):
                segment(scene, "the ship", Partial(), tmp_path / "out")
            return super().decode(features, expression)

    segment(scene, "the ship", Meanwhile(), tmp_path / "out")
    segment(scene, "the ship", Partial(), tmp_path / "whole")
    assert rasters(tmp_path / "out") == rasters(tmp_path / "whole")


# Sources and disks that fail


def test_a_source_that_is_damaged_in_the_middle_names_the_window(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "scene.tif", noise(), tiled=True, blockxsize=16, blockysize=16))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    model = Watched()
    with pytest.raises(RasterError, match=r"window of 48 x 48 pixels at row \d+.*goes on") as told:
        segment(Source(str(path)), "the ship", model, tmp_path / "out")
    assert "scene.tif" in str(told.value)
    assert not (tmp_path / "out" / FILES["probability"]).exists()

    path.write_bytes(whole)
    segment(Source(str(path)), "the ship", Partial(), tmp_path / "out")
    segment(Source(str(path)), "the ship", Partial(), tmp_path / "whole")
    assert rasters(tmp_path / "out") == rasters(tmp_path / "whole")


def test_a_full_disk_is_an_error_and_what_is_finished_stays(
    tmp_path: Path, scene: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.segmentation import unfinished

    appends = count()
    append = unfinished.UnfinishedRows.append

    def full(self: unfinished.UnfinishedRows, row: int, rows: np.ndarray) -> None:
        if next(appends) == 2:
            raise OutputError("No space left on device.")
        append(self, row, rows)

    monkeypatch.setattr(unfinished.UnfinishedRows, "append", full)
    with pytest.raises(OutputError, match="space"):
        segment(scene, "the ship", Partial(), tmp_path / "out")
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [UNFINISHED]
    model = Watched()
    segment(scene, "the ship", model, tmp_path / "out")
    assert model.looks == 15


# Too little memory


class Small(Oracle):
    """Has memory for so many pixels at once, and says so as PyTorch does."""

    def __init__(self, pixels: int, error: Exception, **card: Any) -> None:
        super().__init__(**card)
        self.pixels, self.error = pixels, error
        self.batches: list[tuple[int, ...]] = []

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        shape = (len(features), *features[0].shape[-2:])
        if np.prod(shape) > self.pixels:
            raise self.error
        self.batches.append(shape)
        return super().decode(features, expression)


ERRORS = (
    torch.cuda.OutOfMemoryError("CUDA out of memory."),
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
)


@pytest.mark.parametrize("error", ERRORS, ids=["cuda", "python", "cpu"])
def test_with_too_little_memory_the_batch_shrinks_first(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.segmentation import inference

    monkeypatch.setattr(inference, "BATCH", {"cpu": 4})
    source = Source(write(tmp_path / "scene.tif", painted(truth())))
    model = Small(2 * 48 * 48, error)
    result = segment(source, "the ship", model, tmp_path / "out")
    assert {shape[0] for shape in model.batches} <= {1, 2}
    assert {shape[1:] for shape in model.batches} == {(48, 48)}
    assert any("2 windows at a time, not for 4" in warning for warning in result.warnings)
    assert_true_to(result)


@pytest.mark.parametrize("error", ERRORS, ids=["cuda", "python", "cpu"])
def test_then_the_windows_shrink_and_never_the_resolution(tmp_path: Path, error: Exception) -> None:
    shape = (3, 600, 700)
    mask = np.zeros(shape[1:], bool)
    mask[50:560, 300:500] = True
    source = Source(write(tmp_path / "scene.tif", painted(mask), NORTH_UP, UTM))
    model = Small(200 * 200, error, view=640, window=600, overlap=100)
    result = segment(source, "the ship", model, tmp_path / "out")
    assert {shape[1:] for shape in model.batches} == {(150, 150)}
    assert any("windows of 150 x 150" in warning for warning in result.warnings)
    assert result.resolution == pytest.approx(0.3, rel=1e-3)
    with rasterio.open(result.mask) as raster:
        assert np.array_equal(raster.read(1), mask)


def test_a_window_of_128_pixels_is_the_last_try(tmp_path: Path) -> None:
    source = Source(write(tmp_path / "scene.tif", noise(300, 300)))
    with pytest.raises(OutOfMemory, match="'cpu'"):
        segment(source, "the ship", Small(100, MemoryError(), window=256), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_other_errors_are_not_taken_for_want_of_memory(tmp_path: Path, scene: Source) -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        segment(scene, "the ship", Small(0, RuntimeError("mat1 and mat2")), tmp_path / "out")


def assert_true_to(result: Result) -> None:
    with rasterio.open(result.mask) as raster:
        assert np.array_equal(raster.read(1), truth())
