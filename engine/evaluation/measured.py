"""A model measured on a data set, and what came out in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from engine.data.formats.datasets import Dataset
from engine.data.sample import ReferringSample
from engine.errors import InputError
from engine.evaluation import contact_sheet, report
from engine.evaluation.evaluate import evaluate
from engine.evaluation.protocols import OURS, Protocol
from engine.evaluation.report import Report
from engine.files.atomic import check_apart, replacing
from engine.files.boundary import make_folder, writing
from engine.segmentation.segment import check_options
from engine.systems import loading


@dataclass(frozen=True)
class Files:
    """Where to write: every number, the tables, the best and the worst cases as a picture."""

    json: Path | None = None
    markdown: Path | None = None
    contact_sheet: Path | None = None

    @property
    def paths(self) -> list[Path]:
        """Those that are asked for."""
        return [path for path in (self.json, self.markdown, self.contact_sheet) if path]


def measure(
    model_id: str,
    dataset: Dataset,
    split: str | None,
    files: Files,
    *,
    threshold: float = 0.5,
    protocol: Protocol = OURS,
    device: str = "auto",
    limit: int | None = None,
    command: str = "",
    watched: Callable[[list[ReferringSample]], Iterable[ReferringSample]] = iter,
) -> Report:
    """Measures a model; the files appear together, or none does.

    Args:
        model_id: Which model.
        dataset: Its samples.
        split: Only this split; all if None.
        files: What to write.
        threshold: Least probability of a prediction.
        protocol: How predictions are compared.
        device: Where to compute.
        limit: At most so many samples, evenly chosen.
        command: How the user asked for it, for the report.
        watched: Goes through the samples, telling how far it is.

    Raises:
        EngineError: There are no samples, the model cannot run, or a file cannot be written.
    """
    check_options(threshold, ())
    samples = list(dataset.samples(split))
    if not samples:
        of = f" of the split '{split}'" if split else ""
        raise InputError(f"{dataset.root} holds no samples{of}.")
    if limit is not None:
        samples = samples[:: -(-len(samples) // max(1, limit))]
    images = (sample.image for sample in samples)
    check_apart(files.paths, chain(images, dataset.files()))
    # What cannot be written is known before the model has run for an hour.
    with _opened(files) as (as_json, page, sheet):
        model = loading.load(model_id, device)
        evaluation = evaluate(watched(samples), model, threshold, protocol)
        facts = {
            "model": model_id,
            "weights_sha256": model.weights_sha256,
            "device": model.device.type,
            "dataset": dataset.format,
            "annotations": str(dataset.root),
            "split": split,
            "command": command,
        }
        numbers = report.report(evaluation, facts)
        if as_json:
            with writing(as_json):
                as_json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
        if page:
            with writing(page):
                page.write_text(report.markdown(numbers), encoding="utf-8")
        if sheet:
            title = f"{report.title(numbers)}: {len(samples)} samples, protocol {protocol.name}"
            picture = contact_sheet.contact_sheet(title, evaluation.best, evaluation.worst)
            with writing(sheet):
                picture.save(sheet, "PNG")
    return numbers


@contextmanager
def _opened(files: Files) -> Iterator[list[Path | None]]:
    """Where to write each file: all appear together when the block ends well, or none does."""
    with ExitStack() as stack:
        paths = (files.json, files.markdown, files.contact_sheet)
        for path in filter(None, paths):
            make_folder(path.parent)
        yield [path and stack.enter_context(replacing(path)) for path in paths]
