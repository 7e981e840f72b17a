"""The plugin: wires the rooms to QGIS, and takes them down again."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, QTranslator

from .dock.widget import Dock
from .engine_process import Engine
from .models.dialog import ModelsDialog
from .options import OptionsFactory
from .paths import PLUGIN, ROOT, icon
from .processing.provider import Provider
from .settings import Settings

translate = QCoreApplication.translate


class SegmentByTextPlugin:
    """What QGIS loads and unloads.

    qgis_process has no interface, and calls `initProcessing` alone.
    """

    def __init__(self, iface: Optional[QgisInterface]) -> None:
        self._iface = iface
        self._translator = QTranslator()
        if self._translator.load(str(translation())):
            QCoreApplication.installTranslator(self._translator)
        self._settings = Settings()
        self._engine = Engine(self._settings)
        self._provider: Optional[Provider] = None
        self._window: Optional[Window] = None

    @property
    def dock(self) -> Optional[Dock]:
        """The dock, once there is one."""
        return None if self._window is None else self._window.dock

    def initProcessing(self) -> None:
        """Registers the algorithms."""
        self._provider = Provider(self._engine)
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Adds algorithms, action, menu entry, dock and options page to QGIS."""
        self.initProcessing()
        self._window = Window(self._iface, self._engine, self._settings)

    def unload(self) -> None:
        """Removes everything that was added and ends the engine."""
        if self._window is not None:
            self._window.close()
            self._window = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        QCoreApplication.removeTranslator(self._translator)
        self._engine.close()


class Window(QObject):
    """What the plugin adds to QGIS's window."""

    def __init__(self, iface: QgisInterface, engine: Engine, settings: Settings) -> None:
        super().__init__()
        self._iface = iface
        self.dock = Dock(iface, engine, settings, QgsProject.instance())
        self.dock.models_wanted.connect(self._show_models)
        self.dock.options_wanted.connect(self._show_options)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        self._menu = translate("Window", "Segment by Text")
        self._action = self.dock.toggleViewAction()
        self._action.setIcon(icon())
        self._action.setObjectName("segmentByTextAction")
        self._action.setToolTip(translate("Window", "Segment a raster layer by a description"))
        iface.addToolBarIcon(self._action)
        iface.addPluginToRasterMenu(self._menu, self._action)
        self._options = OptionsFactory(settings)
        iface.registerOptionsWidgetFactory(self._options)

    def close(self) -> None:
        """Takes everything away again."""
        self.dock.close_session()
        self._iface.unregisterOptionsWidgetFactory(self._options)
        self._iface.removePluginRasterMenu(self._menu, self._action)
        self._iface.removeToolBarIcon(self._action)
        self._iface.removeDockWidget(self.dock)
        self.dock.deleteLater()

    def _show_models(self) -> None:
        ModelsDialog(self.dock.session.cards, self._iface.mainWindow()).exec()

    def _show_options(self) -> None:
        self._iface.showOptionsDialog(self._iface.mainWindow(), self._options.title())


def translation() -> Path:
    """The file with the plugin's texts in QGIS's language; it need not exist."""
    locale = QgsSettings().value("locale/userLocale", "en", type=str)
    return ROOT / "i18n" / f"{PLUGIN}_{locale[:2]}.qm"
