"""A training run, as its TOML file says it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import tomli_w

from engine.errors import InputError
from engine.models import zoo
from engine.systems import registry
from engine.systems.adapter_config import AdapterConfig

T = TypeVar("T")


@dataclass(frozen=True)
class DataConfig:
    """Where the samples come from.

    Objects with generated sentences ("coco") are cut into views; samples that come with their
    sentences (the other formats) are whole images, and their own val split is validated on.

    Attributes:
        format: Of the data set.
        annotations: COCO's or jsonl's file.
        images: Folder of its images; that of the jsonl file by default.
        root: Folder of a data set in any other format, as published.
        fit: How an image with its own sentence becomes a square.
        black_boxes: Whether one such image in five is shown under black boxes.
        labelled_only_if_present: Categories that most images leave unlabelled.
        backgrounds: Folders of images that show none of the categories.
        validation_share: Share of images held out, in blocks of neighbouring file names.
        longest_side: Images are reduced to this side before views are cut.
        shares: Least and largest share of an image's area that a view shows.
        whole: Share of views that show a whole image instead.
        mosaic: Share of views made of four parts.
    """

    format: Literal["coco", "jsonl", "refsegrs", "rrsis-d", "risbench"] = "coco"
    annotations: Path = Path()
    images: Path = Path()
    root: Path = Path()
    fit: Literal["stretch", "pad"] = "stretch"
    black_boxes: bool = False
    labelled_only_if_present: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    validation_share: float = 0.1
    longest_side: int = 768
    shares: tuple[float, float] = (0.12, 1.0)
    whole: float = 0.25
    mosaic: float = 0.25


@dataclass(frozen=True)
class OptimiserConfig:
    """How weights move.

    Attributes:
        steps: Steps in all.
        batch: Views a batch and process.
        accumulate: Batches a step, for larger ones than fit into memory at once.
        expressions: Sentences a view.
        learning_rate: Peak of the schedule.
        weight_decay: AdamW's, on matrices only.
        warmup: Steps of linear warm-up.
        schedule: The fall after it: along half a cosine, as a power, or in one step.
        power: Of a polynomial fall.
        drop: When the one step falls, as a share of the way.
        floor: Where the fall ends, as a share of the peak.
        clip: Largest gradient norm; 0 for any.
        ema: Decay of the averaged weights; 0 for none.
        scalar_factor: Learning rate of single numbers (temperatures, biases), as a multiple.
        factors: Learning rate of other parameters as a multiple, by a part of their names.
    """

    steps: int
    batch: int = 6
    accumulate: int = 1
    expressions: int = 4
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: int = 200
    schedule: Literal["cosine", "polynomial", "step"] = "cosine"
    power: float = 0.9
    drop: float = 0.75
    floor: float = 0.01
    clip: float = 1.0
    ema: float = 0.998
    scalar_factor: float = 1.0
    factors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingConfig:
    """A whole run.

    Attributes:
        model: Which configuration of which system.
        objective: "encoders" teaches the image encoders all categories at every position;
            "referring" teaches the whole model what sentences mean.
        side: Side of the training views in pixels; of a square of as many where they are oblong.
        aspects: Height to width of the views; a batch has one of them.
        validation_side: Longer side of the validation views in pixels.
        initial: Weights to start from, such as those of an "encoders" run; none if empty.
        base: Files of the base models to start from instead, by the names the system gives them.
        variant: A change to the model by the system's name for it, such as a part left out.
        out: Folder of the run: checkpoints, curves, the best weights.
        seed: Of the first weights and everything drawn.
        evaluate_every: Steps between two validations.
        save_every: Steps between two checkpoints.
        keep: Which averaged weights come out: the "best" on the validation set, or the "last".
        patience: Validations without a better one that end the run; 0 for any.
        validation_views: At most so many views are validated on, evenly chosen; 0 for all.
        recompute: Whether activations are computed again in the backward pass to save memory.
        precision: Of the forward pass; "auto" is bf16 on a GPU and float32 on a CPU.
        data: Where the samples come from.
        optimiser: How weights move.
        adapter: What is taught instead of the whole model, and what the outcome is called.
    """

    model: str
    out: Path
    data: DataConfig
    optimiser: OptimiserConfig
    objective: str = "referring"
    side: int = 384
    aspects: tuple[float, ...] = (1.0,)
    validation_side: int = 480
    initial: str = ""
    base: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    seed: int = 0
    evaluate_every: int = 250
    save_every: int = 50
    keep: Literal["best", "last"] = "best"
    patience: int = 0
    validation_views: int = 0
    recompute: bool = False
    precision: Literal["auto", "float32", "bf16"] = "auto"
    adapter: AdapterConfig | None = None


def read(path: Path) -> TrainingConfig:
    """Reads a run's TOML file.

    Paths are relative to the file's folder, or to what it says they are `relative_to`, which is
    itself relative to that folder.

    Raises:
        InputError: It cannot be read, or says something unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise InputError(f"The training configuration {path} cannot be read: {cause}") from cause
    root = path.parent / str(table.pop("relative_to", ""))
    data = _build(DataConfig, table.pop("data", {}), path)
    optimiser = _build(OptimiserConfig, table.pop("optimiser", {}), path)
    parts: dict[str, Any] = {"data": data, "optimiser": optimiser}
    if "adapter" in table:
        parts["adapter"] = _build(AdapterConfig, table.pop("adapter"), path)
    config = _build(TrainingConfig, {**table, **parts}, path)
    for name in ("model", "objective"):
        if not isinstance(getattr(config, name), str):
            raise InputError(f"{path}: {name} is no text.")
    if config.adapter is None:
        _check_task(config, path)
    return _with_paths(config, lambda place: Path(os.path.normpath(root / place)))


def _check_task(config: TrainingConfig, path: Path) -> None:
    """That there is a system which teaches this model whole, and so."""
    trained = registry.trained()
    if config.model not in trained:
        by_adapter = config.model in {card.id for card in zoo.cards()}
        wrong = (
            "is taught by an [adapter] only. Add one, or choose"
            if by_adapter
            else ("is no model that can be taught. Choose")
        )
        raise InputError(f"{path}: '{config.model}' {wrong} from {', '.join(trained)}.")
    objectives = trained[config.model].objectives
    if config.objective not in objectives:
        raise InputError(
            f"{path}: {config.model} has no objective '{config.objective}'. Choose from "
            f"{', '.join(objectives)}."
        )


def dumps(config: TrainingConfig, folder: Path) -> str:
    """A run as TOML for a file in a folder; what lies in that folder is named relative to it.

    `read` gives the same run again.
    """

    def within(place: Path) -> Path:
        return place.relative_to(folder) if place.is_relative_to(folder) else place.absolute()

    return tomli_w.dumps(said(asdict(_with_paths(config, within))))


def _with_paths(config: TrainingConfig, place: Callable[[Path], Path]) -> TrainingConfig:
    """The run with its paths put somewhere else; what is left out stays so."""

    def placed(path: Path) -> Path:
        return path if path == Path() else place(path)

    def named(path: str) -> str:
        return place(Path(path)).as_posix() if path else path

    data = replace(
        config.data,
        annotations=placed(config.data.annotations),
        images=placed(config.data.images),
        root=placed(config.data.root),
        backgrounds=tuple(map(named, config.data.backgrounds)),
    )
    return replace(
        config,
        out=place(config.out),
        initial=named(config.initial),
        base={name: named(path) for name, path in config.base.items()},
        data=data,
    )


def said(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table in TOML's types, without what is None, for which it has no word."""
    return {
        name: said(value)
        if isinstance(value, Mapping)
        else value.as_posix()
        if isinstance(value, Path)
        else value
        for name, value in table.items()
        if value is not None and value != Path()
    }


def _build(kind: type[T], table: dict[str, Any], path: Path) -> T:
    known = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    unknown = [name for name in table if name not in known]
    if unknown:
        raise InputError(f"{path}: '{unknown[0]}' is not a setting. Known: {', '.join(known)}.")
    for name, choices in _choices(kind).items():
        if name in table and table[name] not in choices:
            raise InputError(
                f"{path}: {name} cannot be '{table[name]}'. Choose from {', '.join(choices)}."
            )
    values = {
        name: Path(value)
        if known[name] == "Path"
        else tuple(value)
        if isinstance(value, list)
        else value
        for name, value in table.items()
    }
    try:
        return kind(**values)
    except TypeError as cause:
        raise InputError(f"{path}: {cause}") from cause


def _choices(kind: type[Any]) -> dict[str, tuple[str, ...]]:
    """The settings that allow only some words, and which."""
    hints = get_type_hints(kind).items()
    return {name: get_args(hint) for name, hint in hints if get_origin(hint) is Literal}
