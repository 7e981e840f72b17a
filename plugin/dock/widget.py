"""The dock: the form on the screen, wired to the session."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapLayer,
    QgsMapLayerProxyModel,
    QgsProject,
    QgsRasterLayer,
)
from qgis.gui import QgisInterface, QgsDockWidget
from qgis.PyQt import uic
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import QCompleter, QWidget

from ..engine.cards import device_line, knowledge, tooltip
from ..engine.process import Engine, silence
from ..map.extents import Refusal
from ..map.layers import source_of
from ..paths import FORMS, ROOT, icon
from ..results.groups import ResultGroup
from ..settings import DEFAULT_MODEL, Settings
from ..text.message_frame import MessageFrame
from .band_choice import BandChoice
from .extent_choice import ExtentChoice
from .install_panel import InstallPanel
from .session import Request, Session, State
from .shape_choice import ShapeChoice
from .subject import Subject
from .threshold_field import ThresholdField
from .training_set import TrainingSet


class Dock(QgsDockWidget):
    """Type what to find, click, and the polygons are on the map.

    Signals:
        models_wanted: The analyst wants to read about the models.
        options_wanted: The analyst wants to change the options.
        teach_wanted: The analyst wants to teach a model new words.
    """

    models_wanted = pyqtSignal()
    options_wanted = pyqtSignal()
    teach_wanted = pyqtSignal()

    def __init__(
        self, iface: QgisInterface, engine: Engine, settings: Settings, project: QgsProject
    ) -> None:
        super().__init__()
        self.setObjectName("SegmentByTextDock")
        self.form = uic.loadUi(str(ROOT / "plugin" / "dock" / "widget.ui"), QWidget(), FORMS)
        self.setWidget(self.form)
        self.setWindowTitle(self.form.windowTitle())
        self.session = Session(engine, settings, project)
        self._iface = iface
        self._engine = engine
        self._settings = settings
        self._anyway = False
        self.messages = MessageFrame(self.form)
        self.form.layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.extent = ExtentChoice(self.form, iface.mapCanvas())
        self._bands = BandChoice(self.form)
        self._shape = ShapeChoice(self.form)
        self.threshold = ThresholdField(self.form.thresholdSlider, self.form.threshold)
        self.training_set = TrainingSet(self.form, self.session.refinement, settings)
        self.installation = InstallPanel(self.form, settings)
        self._fill()
        self.subject = Subject(self.form, self.session.refinement, self.threshold, self._shape)
        self._connect()
        self._follow(iface.activeLayer())
        self._update()

    def segment(self) -> None:
        """Sends what the form says to the engine, or says what is wrong with it."""
        self.messages.clear()
        if not self.session.cards:
            self.session.start()
            return
        try:
            request = self._request()
        except Refusal as cause:
            self.messages.tell(str(cause), Qgis.MessageLevel.Warning)
            return
        self._remember(request)
        self.session.run(request, anyway=self._anyway)

    def use(self, model: str) -> None:
        """Chooses a model; one that is new is chosen as soon as the engine has told of it."""
        self._settings.model = model
        self.form.model.setCurrentIndex(self.form.model.findData(model))
        self.show()
        self.raise_()
        self.session.refresh()

    def close_session(self) -> None:
        """Stops everything the dock has begun."""
        self.installation.cancel()
        self.session.close()
        self.extent.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Starts the engine when the dock is first seen, and after it could not be started."""
        super().showEvent(event)
        if not self.session.cards and not self.session.state.busy:
            self.session.start()

    def _request(self) -> Request:
        form = self.form
        expression = " ".join(form.expression.currentText().split())
        if not expression:
            form.expression.setFocus()
            raise Refusal(self.tr("Type what to find, for example: white storage tank."))
        layer = form.layer.currentLayer()
        resolution = form.resolution.value() or None
        place = self.extent.place()
        return Request(
            source=source_of(
                layer, place, self._bands.bands(layer), resolution, form.warp.isChecked()
            ),
            crs=layer.crs(),
            expression=expression,
            model=form.model.currentData(),
            threshold=self.threshold.value,
            outputs=form.outputs.currentData(),
            shape=self._shape.shape,
            device=form.device.currentData(),
        )

    def _remember(self, request: Request) -> None:
        self._settings.model = request.model
        self._settings.threshold = round(100 * request.threshold)
        self._settings.outputs = "+".join(request.outputs)
        self._settings.device = request.device

    def _fill(self) -> None:
        form = self.form
        form.expression.addItems(self._settings.history)
        form.expression.setCurrentIndex(-1)
        form.expression.lineEdit().setPlaceholderText(self.tr("the large white storage tank"))
        form.expression.lineEdit().setClearButtonEnabled(True)
        form.expression.completer().setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        form.expression.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        form.outputs.addItem(self.tr("Polygons and mask"), ("polygons", "mask"))
        form.outputs.addItem(self.tr("Polygons"), ("polygons",))
        form.outputs.addItem(self.tr("Mask"), ("mask",))
        form.outputs.setCurrentIndex(
            max(0, form.outputs.findData(tuple(self._settings.outputs.split("+"))))
        )
        form.device.addItem(self.tr("Automatic"), "auto")
        form.device.addItem(self.tr("GPU (CUDA)"), "cuda")
        form.device.addItem(self.tr("CPU"), "cpu")
        form.device.setCurrentIndex(max(0, form.device.findData(self._settings.device)))
        self.threshold.show(self._settings.threshold / 100)
        form.aboutModels.setIcon(QgsApplication.getThemeIcon("/mActionPropertiesWidget.svg"))
        form.teach.setIcon(icon("teach"))
        form.options.setIcon(QgsApplication.getThemeIcon("/mActionOptions.svg"))

    def _connect(self) -> None:
        form, session = self.form, self.session
        form.segment.clicked.connect(self.segment)
        form.expression.lineEdit().returnPressed.connect(self.segment)
        form.expression.editTextChanged.connect(self._typed)
        form.model.currentIndexChanged.connect(self._typed)
        form.cancel.clicked.connect(self._cancel)
        form.aboutModels.clicked.connect(self.models_wanted)
        form.options.clicked.connect(self.options_wanted)
        form.teach.clicked.connect(self.teach_wanted)
        self.training_set.told.connect(self.messages.tell)
        self._iface.currentLayerChanged.connect(self._follow)
        self._iface.layerTreeView().selectionModel().currentChanged.connect(self._choose)
        session.forgotten.connect(self.messages.clear)
        session.changed.connect(self._update)
        session.progressed.connect(self._progress)
        session.silent.connect(self._name_cancel)
        session.refinement.silent.connect(self._show_hanging)
        session.told.connect(self.messages.tell)
        session.hinted.connect(self._hint)
        session.doubted.connect(self._doubt)
        session.ready.connect(self._show_models)
        session.finished.connect(self._show_history)
        session.finished.connect(self.subject.compare)
        self.installation.changed.connect(self._update)
        self.installation.progressed.connect(lambda line: self._progress(0, 0, line))
        self.installation.told.connect(self.messages.tell)
        self.installation.installed.connect(self._update)
        self.installation.installed.connect(session.start)

    def _follow(self, layer: Optional[QgsMapLayer]) -> None:
        """The active layer is the one to segment, if it is a raster and shows no result.

        Where it shows one, that is the result to refine.
        """
        result = self.session.results.of(layer) if isinstance(layer, QgsMapLayer) else None
        if result is not None:
            self._take(result)
        elif isinstance(layer, QgsRasterLayer):
            self.form.layer.setLayer(layer)

    def _choose(self) -> None:
        """The result that is selected in the layer tree, by a layer or by its group."""
        result = self.session.results.at(self._iface.layerTreeView().currentNode())
        if result is not None:
            self._take(result)

    def _take(self, result: ResultGroup) -> None:
        """What was said of another result is not said of this one."""
        if result is not self.session.refinement.shown:
            self.messages.clear()
        self.session.refinement.take(result)

    def _typed(self) -> None:
        """Another expression or model: what was said of the former is no longer true."""
        self._set_anyway(False)
        self.messages.clear()
        expression = " ".join(self.form.expression.currentText().split())
        model = self.form.model.currentData() or ""
        self.subject.type(expression)
        self._say_hint(self._knowledge())
        self.session.ask_about(expression, model)

    def _knowledge(self) -> str:
        chosen = self.form.model.currentData()
        return next((knowledge(card) for card in self.session.cards if card["id"] == chosen), "")

    def _hint(self, answer: dict[str, Any]) -> None:
        if answer["unknown"]:
            self._say_hint(answer["message"])
        elif answer["known"]:
            self._say_hint(self.tr("Understood: {}").format(", ".join(answer["known"])))

    def _say_hint(self, text: str) -> None:
        self.form.hint.setText(text)
        self.form.hint.setVisible(bool(text))

    def _doubt(self) -> None:
        """The model knows none of the words: says so, and offers to run it all the same."""
        self._set_anyway(True)
        self.messages.tell(
            self.tr("The model knows none of these words. Use one it knows, or segment anyway."),
            Qgis.MessageLevel.Warning,
        )

    def _set_anyway(self, anyway: bool) -> None:
        self._anyway = anyway
        self._name_button()

    def _name_button(self) -> None:
        if not self.session.cards:
            text = self.tr("Start the en&gine")
        elif self._anyway:
            text = self.tr("Se&gment anyway")
        else:
            text = self.tr("Se&gment by text")
        self.form.segment.setText(text)

    def _name_cancel(self, silent: bool) -> None:
        """An engine that says nothing may not listen to a cancel either: it is ended."""
        self.form.cancel.setText(self.tr("E&nd it") if silent else self.tr("Ca&ncel"))

    def _show_hanging(self, silent: bool) -> None:
        """Another threshold takes too long; by itself it is made without a word."""
        if not self.session.state.busy:
            self._name_cancel(silent)
            self._progress(0, 0, silence())
            self._update()

    def _show_models(self) -> None:
        """Fills the models in, and says what the engine runs on."""
        model = self.form.model
        chosen = model.currentData()
        model.blockSignals(True)
        model.clear()
        for card in self.session.cards:
            model.addItem(card["title"], card["id"])
            model.setItemData(model.count() - 1, tooltip(card), Qt.ItemDataRole.ToolTipRole)
            model.model().item(model.count() - 1).setEnabled(card["installed"])
        for wanted in (DEFAULT_MODEL, self._settings.model, chosen):
            index = model.findData(wanted)
            if index >= 0:
                model.setCurrentIndex(index)
        model.blockSignals(False)
        self._typed()
        self._update()

    def _show_history(self) -> None:
        expression = self.form.expression
        text = expression.currentText()
        expression.blockSignals(True)
        expression.clear()
        expression.addItems(self._settings.history)
        expression.setCurrentText(text)
        expression.blockSignals(False)
        self._set_anyway(False)

    def _cancel(self) -> None:
        self.installation.cancel()
        self.session.cancel()
        if self.session.refinement.hangs:
            self.session.refinement.cancel()

    def _progress(self, done: int, total: int, text: str) -> None:
        self.form.progress.setMaximum(total)
        self.form.progress.setValue(done)
        self.form.stage.setText(text)

    def _update(self) -> None:
        """Shows what is possible now."""
        form, state = self.form, self.session.state
        problem = self._engine.problem
        installed = self._engine.installed and not problem
        self.installation.explain(problem)
        busy = state.busy or self.installation.busy or self.session.refinement.hangs
        form.missing.setVisible(not installed)
        form.missing.setEnabled(not self.installation.busy)
        form.form.setVisible(installed)
        form.segment.setEnabled(not busy)
        form.working.setVisible(busy)
        form.cancel.setEnabled(state is not State.CANCELLING)
        if state is State.CANCELLING:
            form.stage.setText(self.tr("Cancelling…"))
        self._name_button()
        facts = self._engine.facts
        form.deviceLine.setText(device_line(facts) if facts else "")
