"""QGIS loads the plugin, and nothing of it is left when QGIS unloads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import segment_by_text
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow
from segment_by_text.plugin.finetune import jobs
from segment_by_text.plugin.finetune.jobs import Job, JobState
from segment_by_text.plugin.settings import Settings

from tests.plugin.processes import engines
from tests.plugin.waiting import until


class Interface:
    """QGIS's interface as the plugin uses it: what was added is what was not removed."""

    def __init__(self, real) -> None:
        self.real = real
        self.window = QMainWindow()
        self.added: list = []

    def __getattr__(self, name: str) -> Callable:
        return getattr(self.real, name)

    def mainWindow(self) -> QMainWindow:
        return self.window

    def addDockWidget(self, area: object, dock: QDockWidget) -> None:
        self.window.addDockWidget(area, dock)
        dock.show()
        self.added.append(dock)

    def removeDockWidget(self, dock: QDockWidget) -> None:
        self.window.removeDockWidget(dock)
        self.added.remove(dock)

    def addToolBarIcon(self, action: object) -> None:
        self.added.append(("toolbar", action))

    def removeToolBarIcon(self, action: object) -> None:
        self.added.remove(("toolbar", action))

    def addPluginToRasterMenu(self, menu: str, action: object) -> None:
        self.added.append((menu, action))

    def removePluginRasterMenu(self, menu: str, action: object) -> None:
        self.added.remove((menu, action))

    def registerOptionsWidgetFactory(self, factory: object) -> None:
        self.added.append(factory)

    def unregisterOptionsWidgetFactory(self, factory: object) -> None:
        self.added.remove(factory)


@pytest.fixture
def interface(qgis_iface, project: QgsProject) -> Interface:
    return Interface(qgis_iface)


@pytest.fixture
def plugin(interface: Interface):
    plugin = segment_by_text.classFactory(interface)
    plugin.initGui()
    return plugin


def test_plugin_adds_dock_button_menu_entry_options_and_algorithms(
    plugin, interface: Interface
) -> None:
    assert QgsApplication.processingRegistry().algorithmById("segmentbytext:segment")
    assert len(interface.added) == 5
    plugin.unload()


def test_nothing_is_left_after_unload(plugin, interface: Interface, project: QgsProject) -> None:
    others = engines()
    interface.window.show()
    plugin.dock.show()
    until(lambda: plugin.dock.session.cards)
    assert engines() - others
    plugin.unload()
    until(lambda: engines() <= others)
    assert interface.added == []
    assert QgsApplication.processingRegistry().providerById("segmentbytext") is None
    until(lambda: interface.window.findChildren(QDockWidget) == [])
    interface.real.currentLayerChanged.emit(None)
    project.clear()


def test_unload_while_the_engine_starts_ends_it(plugin, interface: Interface) -> None:
    others = engines()
    interface.window.show()
    plugin.dock.show()
    until(lambda: engines() - others)
    plugin.unload()
    until(lambda: engines() <= others and not QgsApplication.taskManager().countActiveTasks())


def test_unload_while_a_model_is_taught_saves_the_training(
    faulty_engine, interface: Interface, raster: QgsRasterLayer
) -> None:
    others = engines()
    plugin = segment_by_text.classFactory(interface)
    plugin.initGui()
    folder = jobs.new_folder("slow", Settings())
    (folder / "samples").mkdir()
    (folder / "samples" / "annotations.jsonl").write_text("{}")
    interface.window.show()
    entries = [each[1] for each in interface.added if isinstance(each, tuple)]
    next(entry for entry in entries if entry.text() == "Teach new words…").trigger()
    session = plugin.finetune_dialog.session
    settings = {"id": "slow", "title": "slow", "base": "fake", "start": "", "preset": "quick"}
    session._work(Job(folder, "slow", "slow", "fake", JobState.RUNNING, 0, 8), settings)
    until(lambda: (folder / "run" / "log.jsonl").exists())
    plugin.unload()
    assert jobs.read(folder).state is JobState.PAUSED
    until(lambda: engines() <= others and not QgsApplication.taskManager().countActiveTasks())
    assert interface.added == []


def test_plugin_can_be_loaded_again(plugin, interface: Interface) -> None:
    plugin.unload()
    again = segment_by_text.classFactory(interface)
    again.initGui()
    assert len(interface.added) == 5
    again.unload()


def test_qgis_process_gets_the_algorithms_without_a_window() -> None:
    plugin = segment_by_text.classFactory(None)
    plugin.initProcessing()
    assert QgsApplication.processingRegistry().algorithmById("segmentbytext:segment")
    plugin.unload()
    assert QgsApplication.processingRegistry().providerById("segmentbytext") is None


def test_button_shows_and_hides_the_dock(plugin, interface: Interface) -> None:
    interface.window.show()
    _, action = next(added for added in interface.added if isinstance(added, tuple))
    assert not plugin.dock.isVisible()
    action.trigger()
    assert plugin.dock.isVisible()
    action.trigger()
    assert not plugin.dock.isVisible()
    plugin.unload()


def test_options_page_keeps_what_was_chosen(plugin, interface: Interface, tmp_path: Path) -> None:
    factory = next(added for added in interface.added if hasattr(added, "createWidget"))
    page = factory.createWidget(interface.window)
    page.results.setFilePath(str(tmp_path / "here"))
    page.training.setFilePath(str(tmp_path / "there"))
    page.apply()
    assert Settings().results_folder == str(tmp_path / "here")
    assert Settings().training_folder == str(tmp_path / "there")
    plugin.unload()


def test_models_dialog_tells_what_a_model_knows(dock) -> None:
    from segment_by_text.plugin.models.dialog import ModelsDialog

    dialog = ModelsDialog(dock.session)
    assert dialog.names.count() == len(dock.session.cards)
    dialog.names.setCurrentRow(0)
    assert "ground track field" in dialog.text.toPlainText()
    assert dock.session.cards[0]["weights"][0]["sha256"] in dialog.text.toPlainText()
