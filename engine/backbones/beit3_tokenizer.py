"""BEiT-3's tokenizer: XLM-RoBERTa's way with a sentencepiece model of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from google.protobuf.message import DecodeError
from tokenizers import normalizers
from torch import Tensor
from transformers import XLMRobertaTokenizer
from transformers.convert_slow_tokenizer import import_protobuf

from engine.backbones.beit3 import Beit3Sizes
from engine.errors import InputError, ModelError

RESERVED = ("<s>", "<pad>", "</s>", "<unk>")
UNIGRAM = 1


@dataclass(frozen=True)
class Tokens:
    """Expressions as numbers.

    Attributes:
        ids: `(B, L)` int64, padded to the longest.
        valid: `(B, L)` bool, False on padding and on what the tokenizer does not know.
    """

    ids: Tensor
    valid: Tensor

    def to(self, device: torch.device) -> Tokens:
        """The same on another device."""
        return Tokens(self.ids.to(device), self.valid.to(device))


class Beit3Tokenizer:
    """Makes token ids of expressions. Pads with the unknown token, as RS2-SAM2 was trained."""

    def __init__(self, path: Path, sizes: Beit3Sizes) -> None:
        """Reads a sentencepiece model, `beit3.spm`.

        Raises:
            ModelError: The file is missing, or it is not the tokenizer of this BEiT-3.
        """
        self.longest_text = sizes.longest_text
        entries, character_map = _read(path)
        vocabulary = [*((token, 0.0) for token in RESERVED), *entries, ("<mask>", 0.0)]
        if len(vocabulary) != sizes.tokens:
            raise ModelError(
                f"{path} is not the tokenizer of this BEiT-3: it has {len(vocabulary):,} entries, "
                f"not {sizes.tokens:,}. Put the right beit3.spm in its place."
            )
        self._tokenizer = XLMRobertaTokenizer(vocab=vocabulary, pad_token=RESERVED[-1])
        if character_map:
            self._tokenizer.backend_tokenizer.normalizer = normalizers.Precompiled(character_map)
        self._tokenizer.add_tokens("[SEG]")

    def __call__(self, expressions: Sequence[str]) -> Tokens:
        """Token ids of expressions, nothing cut off.

        Raises:
            InputError: An expression is longer than BEiT-3 reads.
        """
        encoded = self._tokenizer(list(expressions), padding=True)["input_ids"]
        ids = torch.tensor(encoded)
        if ids.shape[1] > self.longest_text:
            raise InputError(
                f"The expression is {ids.shape[1]:,} tokens long; this model reads at most "
                f"{self.longest_text:,}. Say it in fewer words."
            )
        return Tokens(ids, ids != self._tokenizer.pad_token_id)


def _read(path: Path) -> tuple[list[tuple[str, float]], bytes]:
    """The pieces with their scores, the reserved ones left out, and the map of characters."""
    model = import_protobuf().ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except OSError as cause:
        raise ModelError(
            f"The tokenizer {path} cannot be read: {cause}. Fetch beit3.spm again."
        ) from cause
    except DecodeError as cause:
        raise ModelError(f"{path} is no sentencepiece model. Fetch beit3.spm again.") from cause
    if model.trainer_spec.model_type != UNIGRAM:
        raise ModelError(f"{path} is not the tokenizer of BEiT-3, which is a unigram model.")
    entries = [(piece.piece, piece.score) for piece in model.pieces[3:]]
    return entries, model.normalizer_spec.precompiled_charsmap
