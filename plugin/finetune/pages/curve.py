"""A curve over the steps of a training: small, and readable in every theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

Point = tuple[int, float]

TICKS = 4
SMOOTH = 15
"""Most points that a mean of the curve is made of, where it has many."""


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high` on the screen, a line at every `step`."""

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, values: Sequence[float], ticks: int = TICKS) -> Scale:
        """Round numbers around all values, and about so many lines."""
        least, most = min(values), max(values)
        if most - least < 1e-9:
            least, most = least - 0.5 * abs(least or 1), most + 0.5 * abs(most or 1)
        rough = (most - least) / ticks
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough * 0.999)
        return cls(math.floor(least / step) * step, math.ceil(most / step) * step, step)

    def lines(self) -> list[float]:
        """Where lines are drawn."""
        count = round((self.high - self.low) / self.step)
        return [self.low + number * self.step for number in range(count + 1)]

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


class Curve(QWidget):
    """Draws points over steps, the best of them marked.

    Args:
        title: What is drawn, as a heading and for screen readers.
        scale: Of the values; whatever fits them if None.
        parent: Its parent.
    """

    def __init__(
        self, title: str, scale: Optional[Scale] = None, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._scale = scale
        self._points: tuple[Point, ...] = ()
        self._steps = 1
        self._best: Optional[Point] = None
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_points((), 1)

    def sizeHint(self) -> QSize:
        """Wide enough for two beside each other."""
        return QSize(360, 190)

    def minimumSizeHint(self) -> QSize:
        """Small, but readable."""
        return QSize(220, 130)

    def show_points(
        self, points: Sequence[Point], steps: int, best: Optional[Point] = None
    ) -> None:
        """Draws points of a training of so many steps."""
        self._points = tuple(point for point in points if math.isfinite(point[1]))
        self._steps = max(steps, 1, *(step for step, _ in self._points))
        self._best = best
        self.setAccessibleDescription(self.description)
        self.setToolTip(self.description)
        self.update()

    @property
    def description(self) -> str:
        """The curve in words."""
        if not self._points:
            return self.tr("{}: nothing yet").format(self._title)
        (first_step, first), (last_step, last) = self._points[0], self._points[-1]
        words = [
            self.tr("{}: {:.3g} after step {}, {:.3g} after step {}.").format(
                self._title, first, first_step, last, last_step
            )
        ]
        if self._best is not None:
            words.append(
                self.tr("Best: {:.3g} after step {}.").format(self._best[1], self._best[0])
            )
        return " ".join(words)

    def paintEvent(self, event: Optional[QPaintEvent]) -> None:
        """Draws heading, axes and curve."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        faint, fainter = QColor(text), QColor(text)
        faint.setAlpha(160)
        fainter.setAlpha(45)
        line = palette.color(QPalette.ColorRole.Highlight)
        metrics = painter.fontMetrics()
        high = metrics.height()
        scale = self._scale or Scale.around([value for _, value in self._points] or [0, 1])
        labels = [f"{value:g}" for value in (round(v, 9) for v in scale.lines())]
        left = max(metrics.horizontalAdvance(label) for label in labels) + 8
        area = QRectF(left, high * 1.6, 1, 1)
        area.setRight(self.width() - metrics.horizontalAdvance("0000") / 2 - 2)
        area.setBottom(self.height() - high * 1.4)

        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(text)
        painter.drawText(QPointF(0, metrics.ascent()), self._title)
        font.setBold(False)
        painter.setFont(font)
        self._draw_values(painter, area, scale, labels, faint, fainter)
        self._draw_steps(painter, area, faint)
        if not self._points:
            painter.setPen(faint)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.tr("Nothing yet"))
        else:
            self._draw_curve(painter, area, scale, line)
        painter.end()

    def _draw_values(
        self,
        painter: QPainter,
        area: QRectF,
        scale: Scale,
        labels: Sequence[str],
        faint: QColor,
        fainter: QColor,
    ) -> None:
        high = painter.fontMetrics().height()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, label in zip(scale.lines(), labels):
            y = area.bottom() - scale.share(value) * area.height()
            painter.setPen(QPen(fainter, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(faint)
            painter.drawText(QRectF(0, y - high / 2, area.left() - 6, high), right, label)

    def _draw_steps(self, painter: QPainter, area: QRectF, faint: QColor) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(faint)
        for share in (0.0, 0.5, 1.0):
            label = f"{round(share * self._steps):,}"
            if share == 0.5:
                label = self.tr("{} steps").format(label)
            wide = metrics.horizontalAdvance(label)
            x = area.left() + share * area.width()
            x = min(max(x - wide / 2, area.left()), self.width() - wide)
            painter.drawText(QPointF(x, self.height() - metrics.descent() - 1), label)

    def _draw_curve(self, painter: QPainter, area: QRectF, scale: Scale, line: QColor) -> None:
        def place(point: Point) -> QPointF:
            step, value = point
            x = area.left() + step / self._steps * area.width()
            share = min(max(scale.share(value), 0.0), 1.0)
            return QPointF(x, area.bottom() - share * area.height())

        many = len(self._points) > 3 * SMOOTH
        pale = QColor(line)
        pale.setAlpha(80)
        _stroke(painter, [place(p) for p in self._points], QPen(pale if many else line, 2))
        if many:
            _stroke(painter, [place(p) for p in smoothed(self._points)], QPen(line, 2.2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(line)
        if len(self._points) < SMOOTH:
            for point in self._points:
                painter.drawEllipse(place(point), 3, 3)
        if self._best is not None:
            painter.setBrush(self.palette().color(QPalette.ColorRole.Window))
            painter.setPen(QPen(line, 2))
            painter.drawEllipse(place(self._best), 5.5, 5.5)


def smoothed(points: Sequence[Point]) -> list[Point]:
    """Each point as the mean of its neighbours, as many on both sides as there are."""
    means = []
    for place, (step, _) in enumerate(points):
        reach = min(SMOOTH // 2, place, len(points) - 1 - place)
        near = [value for _, value in points[place - reach : place + reach + 1]]
        means.append((step, sum(near) / len(near)))
    return means


def _stroke(painter: QPainter, places: Sequence[QPointF], pen: QPen) -> None:
    path = QPainterPath(places[0])
    for place in places[1:]:
        path.lineTo(place)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
