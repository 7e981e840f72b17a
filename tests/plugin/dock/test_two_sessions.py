"""Two QGIS processes, the same words, one results folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from segment_by_text.plugin.settings import Settings

from tests.plugin.conftest import ROOT
from tests.plugin.processes import kill_engine
from tests.plugin.waiting import until

FILES = {"probability.tif", "mask.tif", "polygons.gpkg"}


class Other:
    """The other QGIS."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def tell(self, command: str) -> str:
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@pytest.fixture
def other(tmp_path: Path, faulty_engine, raster: QgsRasterLayer) -> Iterator[Other]:
    arguments = (tmp_path / "python", raster.source(), tmp_path / "results")
    command = [sys.executable, "-m", "tests.plugin.dock.other_session", *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        other = Other(process)
        other.tell("segment something else")
        other.tell("wait")  # its engine runs from now on
        yield other
        process.kill()


def start(dock, words: str) -> Path:
    """Begins a run, and gives its folder once the engine is in it."""
    dock.form.expression.setEditText(words)
    QTest.keyClick(dock.form.expression.lineEdit(), Qt.Key.Key_Return)
    until(lambda: "Window" in dock.form.stage.text())
    return dock.session._run.folder


def finish(dock) -> dict[str, str]:
    """Waits for the end of the run, and gives where its layers are."""
    until(lambda: not dock.session.state.busy)
    group = QgsProject.instance().layerTreeRoot().children()[0]
    return {node.name().split(":")[0]: node.layer().source() for node in group.findLayers()}


def test_a_run_under_way_keeps_its_folder_and_its_results(faulty_dock, other: Other) -> None:
    ours = start(faulty_dock, "busy tank")
    theirs = Path(other.tell("segment busy tank"))
    assert theirs != ours
    assert other.tell("wait") == "idle"
    layers = finish(faulty_dock)
    assert {Path(source).parent for source in layers.values()} == {ours}
    assert {file.name for file in theirs.iterdir()} >= FILES


def test_a_cancel_deletes_nothing_of_the_other(faulty_dock, other: Other) -> None:
    ours = start(faulty_dock, "busy slow tank")
    theirs = Path(other.tell("segment busy slow tank"))
    assert theirs != ours
    (ours / "mask.tif").write_text("of another run")
    assert other.tell("cancel") == "idle"
    assert not theirs.exists()
    assert (ours / "mask.tif").is_file()


def test_results_stay_where_the_other_is_cancelled_later(faulty_dock, other: Other) -> None:
    ours = start(faulty_dock, "busy tank")
    theirs = Path(other.tell("segment busy tank"))
    layers = finish(faulty_dock)
    assert other.tell("cancel") == "idle"
    assert ours not in (theirs, *theirs.parents)
    assert {file.name for file in ours.iterdir()} >= FILES
    assert gdal.Open(layers["Mask"]).ReadAsArray().any()


def test_what_one_has_ended_is_gone_on_with_by_one_of_them(faulty_dock, other: Other) -> None:
    ours = start(faulty_dock, "slow tank")
    kill_engine(Settings().interpreter)
    until(lambda: not faulty_dock.session.state.busy)
    assert (ours / "probability.tif.unfinished").exists()
    assert Path(other.tell("segment slow tank")) == ours
    assert start(faulty_dock, "slow tank") != ours
