"""Runs inside QGIS: teaches a model from layers and segments with it, as an analyst would.

Where to write, and which files to use, come in the environment: `E2E_OUT`, `E2E_RASTER`,
`E2E_POLYGONS`.
"""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.utils import iface

OUT = Path(os.environ["E2E_OUT"])
STEPS = 4
RESTED = 2
"""Steps after which the training is paused."""


def until(condition, seconds: float = 200.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        QTest.qWait(50)
    raise TimeoutError("it never happened")


def click(button) -> None:
    until(lambda: button.isVisible() and button.isEnabled())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def picture(name: str, widget) -> None:
    QTest.qWait(300)
    widget.grab().save(str(OUT / f"{name}.png"))


def menu_entry(menu: str, entry: str):
    """What an analyst clicks in the menu Raster."""
    for action in iface.rasterMenu().actions():
        if action.text().replace("&", "") == menu:
            return next(each for each in action.menu().actions() if each.text() == entry)
    raise LookupError(menu)


def use() -> dict:
    """What an analyst does, and what is there afterwards."""
    report = {}
    raster = QgsRasterLayer(os.environ["E2E_RASTER"], "ground")
    polygons = QgsVectorLayer(os.environ["E2E_POLYGONS"], "drawn", "ogr")
    QgsProject.instance().addMapLayers([raster, polygons])
    iface.setActiveLayer(raster)
    iface.zoomToActiveLayer()
    plugin = qgis.utils.plugins["segment_by_text"]
    menu_entry("Segment by Text", "Teach new words…").trigger()
    dialog = plugin.finetune_dialog
    until(lambda: dialog.model_page.base)

    click(dialog.samples_page.look)
    until(lambda: dialog.trainable or dialog.message_frame.text)
    report["samples"] = dialog.samples_page.report.toPlainText()
    report["previews"] = dialog.samples_page.previews.count()
    picture("samples", dialog)

    click(dialog.next)
    QTest.keyClicks(dialog.model_page.title, "Tanks and sand")
    dialog.model_page.quick.setChecked(True)
    until(lambda: dialog.model_page.quickCost.text() or dialog.message_frame.text)
    report["cost"] = dialog.model_page.quickCost.text()
    picture("model", dialog)
    dialog.model_page.steps.setValue(STEPS)
    click(dialog.train)
    page = dialog.progress_page
    until(lambda: page.job is not None and page.job.step >= RESTED)
    click(page.pause)
    until(lambda: not dialog.session.activity.concerns_job)
    report["paused"] = page.state.text()
    click(page.goOn)
    until(lambda: page.use.isVisible() or dialog.message_frame.text)
    report["message"] = dialog.message_frame.text
    report["state"] = page.state.text()
    report["loss"] = page.loss.description
    report["score"] = page.score.description
    report["examples"] = page.examples.count()
    click(page.use)
    report["outcome"] = page.outcome.toPlainText()
    picture("training", dialog)
    dialog.close()

    dock = plugin.dock
    until(lambda: dock.form.model.currentData() == "tanks-and-sand")
    dock.form.extent.setCurrentIndex(dock.form.extent.findText("Whole layer"))
    QTest.keyClicks(dock.form.expression.lineEdit(), "oil tank")
    click(dock.form.segment)
    until(lambda: dock.session.state.busy)
    until(lambda: not dock.session.state.busy)
    report["segmented"] = dock.messages.text
    report["hint"] = dock.form.hint.text()
    group = QgsProject.instance().layerTreeRoot().findGroups()[0]
    mask = next(node.layer() for node in group.findLayers() if "Mask" in node.name())
    report["metadata"] = mask.metadata().abstract()
    picture("segmented", iface.mainWindow())
    return report


def run() -> None:
    try:
        report = use()
    except Exception:
        report = {"error": traceback.format_exc()}
        iface.mainWindow().grab().save(str(OUT / "window.png"))
        dialog = qgis.utils.plugins["segment_by_text"].finetune_dialog
        if dialog is not None:
            dialog.grab().save(str(OUT / "dialog.png"))
    (OUT / "report.json").write_text(json.dumps(report, indent=2), "utf-8")
    QgsProject.instance().clear()
    # Qt calls the action itself: called from Python, QGIS would end while Python is locked.
    leave.start(500)


leave = QTimer()
leave.setSingleShot(True)
leave.timeout.connect(iface.actionExit().trigger)
QTimer.singleShot(1000, run)
