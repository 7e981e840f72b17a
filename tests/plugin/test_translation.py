"""Every text the analyst sees can be translated: it is in the .ts file under the context it has."""

from __future__ import annotations

import importlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QTranslator
from qgis.PyQt.QtWidgets import QAbstractButton, QComboBox, QGroupBox, QLabel, QWidget

from tests.plugin.conftest import ROOT


class Pseudo(QTranslator):
    """Puts what the .ts file lists into «»."""

    def __init__(self) -> None:
        super().__init__()
        tree = ElementTree.parse(ROOT / "i18n" / "segment_by_text.ts")
        self.texts = {
            (context.findtext("name"), message.findtext("source"))
            for context in tree.iter("context")
            for message in context.iter("message")
        }

    def translate(self, context: str, text: str, *_: object) -> str:
        return f"«{text}»" if (context, text) in self.texts else ""


@pytest.fixture
def translated() -> Iterator[None]:
    translator = Pseudo()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def texts(widget: QWidget) -> Iterator[str]:
    """What is written on a widget and its children."""
    for child in widget.findChildren(QWidget):
        if isinstance(child, (QLabel, QAbstractButton)):
            yield child.text()
        elif isinstance(child, QGroupBox):
            yield child.title()
        elif isinstance(child, QComboBox) and child.objectName() in FILLED:
            yield from (child.itemText(i) for i in range(child.count()))
        yield child.toolTip()
        yield child.accessibleName()


FILLED = ("extent", "outputs", "bands", "device")


def test_nothing_on_the_dock_is_untranslated(
    translated: None, open_dock: Callable, faulty_engine
) -> None:
    dock = open_dock(faulty_engine)
    dock.form.model.clear()
    own = [text for text in texts(dock.form) if text and not text.isspace()]
    assert len(own) > 50
    assert [text for text in own if "«" not in text] == []


def test_messages_are_translated(translated: None, open_dock: Callable, faulty_engine) -> None:
    dock = open_dock(faulty_engine)
    dock.segment()
    assert dock.messages.text.startswith("«")
    dock.form.expression.lineEdit().setText("storage tank")
    dock.segment()
    assert dock.messages.text.startswith("«")


def test_nothing_in_the_fine_tuning_dialog_is_untranslated(
    translated: None, faulty_engine, project: QgsProject
) -> None:
    from segment_by_text.plugin.finetune.dialog import FinetuneDialog
    from segment_by_text.plugin.finetune.session import Session
    from segment_by_text.plugin.settings import Settings

    dialog = FinetuneDialog(Session(faulty_engine, Settings()), Settings())
    own = [text for text in texts(dialog) if text and not text.isspace()]
    own += [dialog.windowTitle(), dialog.progress_page.loss.description]
    assert len(own) > 80
    made_by_qt = {"qt_toolbar_ext_button"}
    assert [text for text in own if "«" not in text and text not in made_by_qt] == []
    dialog.deleteLater()


def test_nothing_in_the_models_dialog_is_untranslated(
    translated: None, open_dock: Callable, faulty_engine
) -> None:
    from segment_by_text.plugin.models.dialog import ModelsDialog

    dialog = ModelsDialog(open_dock(faulty_engine).session)
    buttons = (dialog.teach, dialog.give, dialog.take, dialog.remove)
    own = [text for button in buttons for text in (button.text(), button.toolTip())]
    assert [text for text in own if not text.startswith("«")] == []


@pytest.mark.parametrize("name", ["segment", "finetune", "evaluate"])
def test_algorithms_are_translated(translated: None, name: str) -> None:
    module = importlib.import_module(f"segment_by_text.plugin.processing.{name}")
    algorithm = getattr(module, name.title())(None)
    algorithm.initAlgorithm()
    shown = [parameter.description() for parameter in algorithm.parameterDefinitions()]
    shown += [output.description() for output in algorithm.outputDefinitions()]
    shown += [algorithm.displayName(), algorithm.group(), algorithm.shortHelpString()]
    assert [text for text in shown if not text.startswith("«")] == []
