"""What is kept of an ended run is whole rows of the same request, whatever happened to the file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import portalocker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutputError
from engine.segmentation.unfinished import alone, unfinished

WIDTH = 7


class Ended(Exception):
    pass


def rows(*counts: int) -> list[np.ndarray]:
    """Noise, and in every second band nothing, which is kept in fewer bytes."""
    rng = np.random.default_rng(1)
    levels = (256, 1)
    return [rng.integers(0, levels[i % 2], (n, WIDTH), np.uint8) for i, n in enumerate(counts)]


def keep(path: Path, request: str, bands: list[np.ndarray]) -> None:
    """What a run leaves that ends after some bands."""
    with suppress(Ended), unfinished(path, request, WIDTH) as kept:
        for band in bands:
            kept.append(kept.finished, band)
        raise Ended


def left(path: Path, request: str = "one") -> np.ndarray:
    """What the next run finds."""
    found = [np.empty((0, WIDTH), np.uint8)]
    with suppress(Ended), unfinished(path, request, WIDTH) as kept:
        for row, band in kept.stored():
            assert row == sum(map(len, found))
            found.append(band)
        assert kept.finished == sum(map(len, found))
        raise Ended
    return np.concatenate(found)


@given(st.lists(st.integers(1, 5), max_size=5), st.data())
def test_a_torn_or_damaged_file_loses_its_end_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("kept") / "rows"
    bands = rows(*counts)
    keep(path, "one", bands)
    whole = path.read_bytes() if path.exists() else b"one\n"
    at = data.draw(st.integers(0, len(whole)))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:at])
    else:
        path.write_bytes(whole[:at] + bytes(data.draw(st.binary(max_size=9))))
    everything = np.concatenate([np.empty((0, WIDTH), np.uint8), *bands])
    found = left(path)
    assert len(found) in np.cumsum([0, *counts])
    assert np.array_equal(found, everything[: len(found)])

    # It can be gone on with.
    keep(path, "one", [everything[len(found) :]] if len(found) < len(everything) else [])
    assert np.array_equal(left(path), everything)


def test_a_damaged_record_in_the_middle_ends_what_counts(tmp_path: Path) -> None:
    bands = rows(3, 4, 5)
    keep(tmp_path / "rows", "one", bands[:1])
    first = (tmp_path / "rows").stat().st_size
    keep(tmp_path / "rows", "one", bands[1:])
    content = bytearray((tmp_path / "rows").read_bytes())
    content[first + 14] ^= 1
    (tmp_path / "rows").write_bytes(content)
    assert np.array_equal(left(tmp_path / "rows"), bands[0])


def test_what_can_be_kept_in_fewer_bytes_is(tmp_path: Path) -> None:
    keep(tmp_path / "rows", "one", [np.full((10_000, WIDTH), 7, np.uint8)])
    assert (tmp_path / "rows").stat().st_size < 1000
    assert (left(tmp_path / "rows") == 7).all()


def test_another_request_starts_anew(tmp_path: Path) -> None:
    keep(tmp_path / "rows", "one", rows(3))
    assert len(left(tmp_path / "rows", "on")) == 0
    keep(tmp_path / "rows", "one", rows(3))
    assert len(left(tmp_path / "rows", "one and more")) == 0


def test_rows_come_in_order(tmp_path: Path) -> None:
    with (
        unfinished(tmp_path / "rows", "one", WIDTH) as kept,
        pytest.raises(ValueError, match="where 0 is next"),
    ):
        kept.append(3, rows(2)[0])


@pytest.mark.parametrize("finished", [True, False])
def test_the_file_goes_when_all_is_done_or_nothing_was(tmp_path: Path, finished: bool) -> None:
    if finished:
        with unfinished(tmp_path / "rows", "one", WIDTH) as kept:
            kept.append(0, rows(2)[0])
    else:
        keep(tmp_path / "rows", "one", [])
    assert list(tmp_path.iterdir()) == []


# Two runs


ROOT = Path(__file__).parents[3]

HOLDING = """
import sys
from pathlib import Path
from engine.segmentation.unfinished import alone
with alone(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def another(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """Another process that is in the folder until its input ends."""
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "rows")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


@pytest.mark.parametrize(
    "enter", [alone, lambda path: unfinished(path, "one", WIDTH)], ids=["alone", "rows"]
)
def test_a_folder_belongs_to_one_process(
    tmp_path: Path, another: subprocess.Popen, enter: Callable
) -> None:
    with pytest.raises(OutputError, match="Another run is writing into"), enter(tmp_path / "rows"):
        pass
    another.communicate()
    assert list(tmp_path.iterdir()) == []
    with enter(tmp_path / "rows"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_keeps_nobody_out(tmp_path: Path, another: subprocess.Popen) -> None:
    another.kill()
    another.wait()
    with alone(tmp_path / "rows"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_rows_that_are_kept_stay_where_another_kind_of_run_was(tmp_path: Path) -> None:
    keep(tmp_path / "rows", "one", rows(3))
    with alone(tmp_path / "rows"):
        pass
    assert len(left(tmp_path / "rows")) == 3


def test_a_file_deleted_between_look_and_lock_locks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, path = portalocker.lock, tmp_path / "rows"

    def late(*arguments: object) -> None:
        monkeypatch.undo()
        path.unlink()
        lock(*arguments)

    monkeypatch.setattr(portalocker, "lock", late)
    with alone(path):
        assert path.exists()
        with pytest.raises(OutputError, match="Another run"), alone(path):
            pass


@pytest.mark.parametrize("another", [False, True], ids=["gone", "another run's"])
def test_a_file_that_somebody_deleted_in_the_middle_is_no_error(
    tmp_path: Path, another: bool
) -> None:
    path = tmp_path / "rows"
    with unfinished(path, "one", WIDTH) as rows:
        rows.append(0, np.zeros((1, WIDTH), np.uint8))
        path.unlink()
        if another:
            path.write_text("another run's")
    assert path.exists() == another


def test_a_disk_that_is_full_at_once_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.segmentation.unfinished.UnfinishedRows.__init__", full)
    with (
        pytest.raises(OutputError, match="No space left"),
        unfinished(tmp_path / "rows", "one", WIDTH),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
