"""Runs inside QGIS: opens the dock, types, clicks, and writes down what an analyst would see.

Where to write, and what to do, come in the environment: `E2E_OUT`, `E2E_SCENE`, `E2E_EXPRESSION`.
"""

from __future__ import annotations

import json
import os
import shutil
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QToolButton
from qgis.utils import iface

OUT = Path(os.environ["E2E_OUT"])
THRESHOLD = 10
HIGHER = 20


def until(condition, seconds: float = 100.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        QTest.qWait(50)
    raise TimeoutError("it never happened")


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def toolbar_button() -> QToolButton:
    """The plugin's button in QGIS's toolbars."""
    for button in iface.mainWindow().findChildren(QToolButton):
        action = button.defaultAction()
        if action is not None and action.objectName() == "segmentByTextAction":
            return button
    raise LookupError("no button")


def use() -> dict:
    """What an analyst does, and what is there afterwards."""
    report = {}
    scene = QgsRasterLayer(os.environ["E2E_SCENE"], "scene")
    QgsProject.instance().addMapLayer(scene)
    iface.setActiveLayer(scene)
    iface.zoomToActiveLayer()
    QTest.qWait(500)

    click(toolbar_button())
    dock = qgis.utils.plugins["segment_by_text"].dock
    report["dock_visible"] = dock.isVisible()
    report["layer"] = dock.form.layer.currentLayer().name()
    until(lambda: dock.session.cards)
    report["device"] = dock.form.deviceLine.text()

    form = dock.form
    form.extent.setCurrentIndex(form.extent.findText("Whole layer"))
    form.threshold.setValue(THRESHOLD)
    line = form.expression.lineEdit()
    click(line)
    QTest.keyClicks(line, os.environ["E2E_EXPRESSION"])
    click(form.segment)
    until(lambda: dock.session.state.busy)
    until(lambda: not dock.session.state.busy)
    report["message"] = dock.messages.text
    report["first"] = on_the_map()
    shutil.copy(report["first"]["files"]["mask"], OUT / "first_mask.tif")

    form.threshold.setValue(HIGHER)
    before = report["first"]["files"]["mask"]
    until(lambda: on_the_map()["files"]["mask"] != before)
    report["second"] = on_the_map()
    report["refined_message"] = dock.messages.text
    QTest.qWait(1500)
    iface.mainWindow().grab().save(str(OUT / "window.png"))

    report["reopened"] = reopen(dock)
    qgis.utils.unloadPlugin("segment_by_text")
    QTest.qWait(500)
    report["dock_after_unload"] = "SegmentByTextDock" in [
        child.objectName() for child in iface.mainWindow().children()
    ]
    return report


def reopen(dock) -> dict:
    """Saves the project, moves the threshold, and opens the project again without saving."""
    project, file = QgsProject.instance(), str(OUT / "map.qgz")
    polygons = project.layerTreeRoot().findGroups()[0].findLayers()[0].layer()
    iface.setActiveLayer(polygons)
    iface.actionDuplicateLayer().trigger()
    project.write(file)
    saved = on_the_map()
    dock.form.threshold.setValue(2 * HIGHER)
    until(lambda: on_the_map()["files"]["mask"] != saved["files"]["mask"])
    unsaved = all(layer.isValid() for layer in project.mapLayers().values())
    project.setDirty(False)
    iface.addProject(file)
    until(lambda: on_the_map()["files"] == saved["files"])
    opened = {
        "valid_before": unsaved,
        "valid": [layer.isValid() for layer in project.mapLayers().values()],
        "line": dock.form.resultLine.text(),
        "threshold": dock.form.threshold.value(),
        "message": dock.messages.text,
    }
    QTest.keyClicks(dock.form.expression.lineEdit(), " and a ship")
    other_words = dock.form.resultLine.text()
    tree = iface.layerTreeView()
    tree.setCurrentIndex(tree.node2index(project.layerTreeRoot().findGroups()[0]))
    selected = dock.form.resultLine.text()
    dock.form.threshold.setValue(2 * HIGHER)
    until(lambda: on_the_map()["files"]["mask"] != saved["files"]["mask"])
    return {**opened, "other_words": other_words, "selected": selected, "moved": on_the_map()}


def on_the_map() -> dict:
    """The layers of the newest result."""
    groups = QgsProject.instance().layerTreeRoot().findGroups()
    nodes = groups[0].findLayers()
    polygons = next(node.layer() for node in nodes if "Polygons" in node.name())
    return {
        "groups": [group.name() for group in groups],
        "visible": {node.name().split(":")[0].lower(): node.isVisible() for node in nodes},
        "files": {
            node.name().split(":")[0].lower(): node.layer().source().split("|")[0] for node in nodes
        },
        "count": polygons.featureCount(),
        "crs": polygons.crs().authid(),
    }


def run() -> None:
    try:
        report = use()
    except Exception:
        report = {"error": traceback.format_exc()}
        iface.mainWindow().grab().save(str(OUT / "window.png"))
    (OUT / "report.json").write_text(json.dumps(report, indent=2), "utf-8")
    QgsProject.instance().clear()
    # Qt calls the action itself: called from Python, QGIS would end while Python is locked.
    leave.start(500)


leave = QTimer()
leave.setSingleShot(True)
leave.timeout.connect(iface.actionExit().trigger)
QTimer.singleShot(1000, run)
