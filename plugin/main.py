"""The plugin: wires the rooms to QGIS, and takes them down again."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, QTranslator
from qgis.PyQt.QtWidgets import QAction

from .dock.widget import Dock
from .engine.process import SAVING_SECONDS, Engine
from .finetune.dialog import FinetuneDialog
from .finetune.session import Session
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
        # A training takes hours; what is segmented meanwhile does not wait for it.
        self._training_engine = Engine(self._settings, patience=SAVING_SECONDS)
        self._provider: Optional[Provider] = None
        self._window: Optional[Window] = None

    @property
    def dock(self) -> Optional[Dock]:
        """The dock, once there is one."""
        return None if self._window is None else self._window.dock

    @property
    def finetune_dialog(self) -> Optional[FinetuneDialog]:
        """The fine-tuning dialog, once there is one."""
        return None if self._window is None else self._window.finetune_dialog

    def initProcessing(self) -> None:
        """Registers the algorithms."""
        self._provider = Provider(self._engine, self._training_engine)
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Adds algorithms, action, menu entry, dock and options page to QGIS."""
        self.initProcessing()
        training = Session(self._training_engine, self._settings)
        self._window = Window(self._iface, self._engine, training, self._settings)

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
        self._training_engine.close()


class Window(QObject):
    """What the plugin adds to QGIS's window."""

    def __init__(
        self, iface: QgisInterface, engine: Engine, training: Session, settings: Settings
    ) -> None:
        super().__init__()
        self._iface = iface
        self._settings = settings
        self._training = training
        self.finetune_dialog: Optional[FinetuneDialog] = None
        self.dock = Dock(iface, engine, settings, QgsProject.instance())
        self.dock.models_wanted.connect(self._show_models)
        self.dock.options_wanted.connect(self._show_options)
        self.dock.teach_wanted.connect(self.teach)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        self._menu = translate("Window", "Segment by Text")
        self._action = self.dock.toggleViewAction()
        self._action.setIcon(icon())
        self._action.setObjectName("segmentByTextAction")
        self._action.setToolTip(translate("Window", "Segment a raster layer by a description"))
        iface.addToolBarIcon(self._action)
        iface.addPluginToRasterMenu(self._menu, self._action)
        self._teach_action = QAction(icon("teach"), translate("Window", "Teach new words…"), self)
        self._teach_action.setObjectName("segmentByTextTeachAction")
        self._teach_action.triggered.connect(lambda _: self.teach())
        iface.addPluginToRasterMenu(self._menu, self._teach_action)
        self._options = OptionsFactory(settings)
        iface.registerOptionsWidgetFactory(self._options)

    def close(self) -> None:
        """Takes everything away again."""
        self.dock.close_session()
        self._training.close()
        if self.finetune_dialog is not None:
            self.finetune_dialog.close()
            self.finetune_dialog.deleteLater()
            self.finetune_dialog = None
        self._iface.removePluginRasterMenu(self._menu, self._teach_action)
        self._iface.unregisterOptionsWidgetFactory(self._options)
        self._iface.removePluginRasterMenu(self._menu, self._action)
        self._iface.removeToolBarIcon(self._action)
        self._iface.removeDockWidget(self.dock)
        self.dock.deleteLater()

    def teach(self, model: str = "") -> None:
        """Opens the fine-tuning dialog, to teach a model further if one is named."""
        if self.finetune_dialog is None:
            dialog = FinetuneDialog(self._training, self._settings, self._iface.mainWindow())
            session = self.dock.session
            session.ready.connect(lambda: dialog.show_models(session.cards))
            dialog.show_models(session.cards)
            dialog.cards_wanted.connect(session.start)
            dialog.models_changed.connect(session.refresh)
            dialog.use_wanted.connect(self.dock.use)
            self.dock.training_set.changed.connect(dialog.refresh)
            self.finetune_dialog = dialog
        self.finetune_dialog.present(model)

    def _show_models(self) -> None:
        dialog = ModelsDialog(self.dock.session, self._iface.mainWindow())
        dialog.teach_wanted.connect(self.teach)
        dialog.exec()

    def _show_options(self) -> None:
        self._iface.showOptionsDialog(self._iface.mainWindow(), self._options.title())


def translation() -> Path:
    """The file with the plugin's texts in QGIS's language; it need not exist."""
    locale = QgsSettings().value("locale/userLocale", "en", type=str)
    return ROOT / "i18n" / f"{PLUGIN}_{locale[:2]}.qm"
