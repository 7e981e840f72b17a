"""Runs inside QGIS: brings the plugin into every state worth a picture, and takes it."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import processing
import qgis.utils
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget, QWidget
from qgis.utils import iface

OUT = Path(os.environ["E2E_OUT"])
PLUGIN = "segment_by_text"
DOCK_WIDTH = 300

taken: list[str] = []


def until(condition, seconds: float = 200.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        QTest.qWait(50)
    raise TimeoutError("it never happened")


def take(widget: QWidget, name: str) -> None:
    QTest.qWait(800)
    path = OUT / f"{name}.png"
    if not widget.grab().save(str(path)):
        raise OSError(f"{path} cannot be written")
    taken.append(str(path))


def show_scene() -> dict:
    """Puts the second scene on the map: it has objects that only place and colour tell apart."""
    folder = Path(sys.modules[PLUGIN].__file__).parent / "resources" / "scenes"
    scene = json.loads((folder / "scenes.json").read_text("utf-8"))[1]
    layer = QgsRasterLayer(str(folder / scene["file"]), scene["name"])
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    iface.zoomToActiveLayer()
    return scene


def type_in(dock, text: str) -> None:
    line = dock.form.expression.lineEdit()
    line.clear()
    QTest.keyClicks(line, text)


def pictures() -> None:
    window = iface.mainWindow()
    window.resize(1400, 860)
    for dock in window.findChildren(QDockWidget):
        if dock.objectName() == "Browser":
            dock.hide()
    dock = qgis.utils.plugins[PLUGIN].dock
    dock.show()
    window.resizeDocks([dock], [DOCK_WIDTH], Qt.Orientation.Horizontal)
    scene = show_scene()
    until(lambda: dock.session.cards)

    type_in(dock, "green swimming pool")
    dock.segment()
    until(lambda: dock.messages.text)
    take(dock, "dock-unknown-words")

    type_in(dock, scene["expressions"][0])
    dock.segment()
    until(lambda: "Loading" in dock.form.stage.text())
    take(dock, "dock-running")
    until(lambda: not dock.session.state.busy)
    iface.messageBar().clearWidgets()
    take(window, "window")

    dock.form.more.setCollapsed(False)
    dock.form.bands.setCurrentIndex(2)
    take(dock, "dock-more")
    dock.form.more.setCollapsed(True)

    teach(dock)
    plugin = sys.modules[f"{PLUGIN}.plugin.models.dialog"]
    dialog = plugin.ModelsDialog(dock.session, window)
    dialog.names.setCurrentRow(dialog.names.count() - 1)
    dialog.show()
    take(dialog, "models")
    dialog.close()

    algorithm = processing.createAlgorithmDialog("segmentbytext:segment", {})
    algorithm.show()
    take(algorithm, "algorithm")
    algorithm.close()

    sys.modules[f"{PLUGIN}.plugin.engine.process"].ROOT = OUT
    dock.messages.clear()
    dock.installation.changed.emit()
    take(dock, "dock-not-installed")


def teach(dock) -> None:
    """Every page of the fine-tuning dialog, with a training of some minutes."""
    dock.training_set.add()
    raster = QgsRasterLayer(os.environ["E2E_RASTER"], "orthophoto")
    polygons = QgsVectorLayer(os.environ["E2E_POLYGONS"], "drawn", "ogr")
    QgsProject.instance().addMapLayers([polygons, raster])
    plugin = qgis.utils.plugins[PLUGIN]
    dock.form.teach.click()
    dialog = plugin.finetune_dialog
    page = dialog.samples_page
    (row,) = page.layer_rows
    row.raster.setLayer(raster)
    row.polygons.setLayer(polygons)
    page.corrections.item(0).setCheckState(Qt.CheckState.Unchecked)
    page.look.click()
    until(lambda: dialog.trainable)
    take(dialog, "teach-samples")
    dialog.next.click()
    QTest.keyClicks(dialog.model_page.title, "Tanks and sand")
    dialog.model_page.quick.setChecked(True)
    until(lambda: dialog.model_page.quickCost.text())
    take(dialog, "teach-model")
    dialog.train.click()
    progress = dialog.progress_page
    until(
        lambda: progress.job is not None and progress.job.step >= 0.6 * progress.job.steps > 0, 900
    )
    take(dialog, "teach-training")
    until(progress.use.isVisible, 900)
    until(progress.use.isEnabled)
    take(dialog, "teach-done")
    dialog.close()
    # The dock is a picture of its own.
    dock.messages.clear()


def run() -> None:
    try:
        pictures()
        Path(os.environ["E2E_DONE"]).write_text("\n".join(taken), "utf-8")
    except Exception:
        traceback.print_exc()
    QgsProject.instance().clear()
    leave.start(500)


leave = QTimer()
leave.setSingleShot(True)
leave.timeout.connect(iface.actionExit().trigger)
QTimer.singleShot(1000, run)
