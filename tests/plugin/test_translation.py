"""Every text the analyst sees can be translated: it is in the .ts file under the context it has."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator

import pytest
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


def test_algorithm_is_translated(translated: None) -> None:
    from segment_by_text.plugin.processing.segment import Segment

    algorithm = Segment(None)
    algorithm.initAlgorithm()
    shown = [parameter.description() for parameter in algorithm.parameterDefinitions()]
    shown += [output.description() for output in algorithm.outputDefinitions()]
    shown += [algorithm.displayName(), algorithm.group(), algorithm.shortHelpString()]
    assert [text for text in shown if not text.startswith("«")] == []
