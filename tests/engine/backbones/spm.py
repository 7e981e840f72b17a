"""A sentencepiece model of a few words, as `beit3.spm` is laid out."""

from __future__ import annotations

from pathlib import Path

from transformers.convert_slow_tokenizer import import_protobuf

WORDS = ("the", "ship", "tank", "on", "left", "large", "white", "storage", "airport", "runway")
PIECES = (*(f"▁{word}" for word in WORDS), "▁", *"abcdefghijklmnopqrs")
TOKENS = 3 + len(PIECES) + 2
"""Entries of a tokenizer made of it."""


def write_spm(path: Path, model_type: int = 1, pieces: tuple[str, ...] = PIECES) -> Path:
    """Writes the model: words cost less than their letters."""
    model = import_protobuf().ModelProto()
    model.trainer_spec.model_type = model_type
    for piece, kind in (("<unk>", 2), ("<s>", 3), ("</s>", 3)):
        model.pieces.add(piece=piece, score=0.0, type=kind)
    for piece in pieces:
        model.pieces.add(piece=piece, score=-1.0 if len(piece) > 1 else -9.0, type=1)
    path.write_bytes(model.SerializeToString())
    return path
