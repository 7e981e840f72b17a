"""Text from anywhere, for places that take it for rich text."""

from __future__ import annotations

from html import escape


def verbatim(text: str) -> str:
    """Rich text that shows exactly `text`, its lines included; empty for an empty one."""
    return f"<span style='white-space: pre-wrap'>{escape(text)}</span>" if text else ""


def inert(text: str) -> str:
    """Text without tags, for what QGIS shows here as plain text and there as rich text."""
    return text.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
