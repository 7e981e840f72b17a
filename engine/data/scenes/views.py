"""Training views: a random part of a scene, or four parts as one, and sentences about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.data.scenes.expressions import Expression, ExpressionGenerator, VisibleObject
from engine.data.scenes.scene import Scene
from engine.language.categories import Category

IGNORE = 255
# An object of which less is visible is neither counted nor singled out.
WHOLE_SHARE = 0.5
MINIMUM_CELLS = 24
BACKGROUND_SHARE = 0.1


@dataclass(frozen=True)
class View:
    """A view with its objects and sentences.

    Attributes:
        pixels: `(3, H, W)` uint8.
        instances: `(H, W)` int64, numbers of the objects.
        categories: Category of each object number, index 0 unused.
        unlabelled: Categories about which nothing is known here.
        expressions: Sentences about the view.
    """

    pixels: Tensor
    instances: Tensor
    categories: NDArray[np.int64]
    unlabelled: frozenset[int]
    expressions: tuple[Expression, ...]

    def mask(self, expression: Expression) -> Tensor:
        """The objects an expression means, `(H, W)` uint8."""
        return torch.isin(self.instances, torch.tensor(expression.numbers, dtype=torch.int64)).to(
            torch.uint8
        )

    def category_mask(self, category: int) -> Tensor:
        """Everything of a category, `(H, W)` uint8; 255 where nothing is known."""
        if category in self.unlabelled:
            return torch.full_like(self.instances, IGNORE, dtype=torch.uint8)
        return torch.from_numpy(self.categories == category)[self.instances].to(torch.uint8)


@dataclass(frozen=True)
class ViewSampler:
    """Draws training views from scenes; the same key gives the same view.

    Attributes:
        scenes: Labelled images.
        categories: The categories' words.
        side: Root of a view's pixels.
        aspects: Height to width of the views; one of them for each first number of a key.
        expressions: How many sentences a view gets.
        mosaic: Share of views made of four scenes.
        shares: Least and largest share of a scene's area that a view shows.
        whole: Share of views that show a whole scene instead.
        backgrounds: Scenes without objects, for one view in ten.
        seed: Of everything drawn.
    """

    scenes: Sequence[Scene]
    categories: Sequence[Category]
    side: int
    aspects: Sequence[float] = (1.0,)
    expressions: int = 4
    mosaic: float = 0.25
    shares: tuple[float, float] = (0.12, 1.0)
    whole: float = 0.25
    backgrounds: Sequence[Scene] = ()
    seed: int = 0

    def view(self, *key: int) -> View:
        """The view of a key, such as (step, number in the batch)."""
        rng = np.random.default_rng((self.seed, *key))
        height, width = self.shape(key[0])
        if rng.random() < self.mosaic:
            parts = [self._part(rng, (height // 2, width // 2)) for _ in range(4)]
            view = _mosaic(parts)
        else:
            view = self._part(rng, (height, width))
        pixels, instances, categories, areas, unlabelled = view
        pixels = _photometric(pixels, rng)
        objects = visible_objects(instances, categories, areas)
        generator = ExpressionGenerator(self.categories, rng)
        chosen = balanced(generator.draw(objects, unlabelled), self.expressions, rng)
        return View(pixels, instances, categories, unlabelled, tuple(chosen))

    def shape(self, step: int) -> tuple[int, int]:
        """Height and width of the views of a step, multiples of 32."""
        draw = np.random.default_rng((self.seed, step, 1)).integers(len(self.aspects))
        root = np.sqrt(self.aspects[int(draw)])
        return multiple_of_32(self.side * root), multiple_of_32(self.side / root)

    def _draw_scene(self, rng: np.random.Generator) -> tuple[Scene, int]:
        """A scene and an object to keep in view (0 for none), every category equally often."""
        if self.backgrounds and rng.random() < BACKGROUND_SHARE:
            return self.backgrounds[int(rng.integers(len(self.backgrounds)))], 0
        category = int(rng.integers(len(self.categories)))
        holding = [scene for scene in self.scenes if category in scene.categories]
        if not holding or rng.random() < 0.1:
            return self.scenes[int(rng.integers(len(self.scenes)))], 0
        scene = holding[int(rng.integers(len(holding)))]
        numbers = [i + 1 for i, c in enumerate(scene.categories) if c == category]
        return scene, numbers[int(rng.integers(len(numbers)))]

    def _part(self, rng: np.random.Generator, shape: tuple[int, int]) -> _Part:
        scene, target = self._draw_scene(rng)
        height, width = scene.instances.shape
        whole = rng.random() < self.whole
        turns = int(rng.integers(4))
        turned = shape if turns % 2 == 0 else shape[::-1]
        if whole and (turned[0] < turned[1]) != (height < width):
            turns, turned = turns + 1, turned[::-1]
        h, w = (height, width) if whole else self._extent(rng, (height, width), turned)
        top, left = _corner(rng, scene, target, h, w)
        pixels = torch.from_numpy(scene.pixels[:, top : top + h, left : left + w].copy())
        instances = torch.from_numpy(
            scene.instances[top : top + h, left : left + w].astype(np.int64)
        )
        scale = shape[0] * shape[1] / (h * w)
        pixels = resize(pixels, turned)
        instances = F.interpolate(instances[None, None].float(), turned, mode="nearest-exact")[
            0, 0
        ].long()
        if rng.random() < 0.5:
            pixels, instances = pixels.flip(-1), instances.flip(-1)
        pixels, instances = (
            torch.rot90(pixels, turns, (-2, -1)),
            torch.rot90(instances, turns, (-2, -1)),
        )
        categories = np.array([-1, *scene.categories])
        areas = np.array([0.0, *scene.areas]) * scale
        return pixels, instances, categories, areas, scene.unlabelled

    def _extent(
        self, rng: np.random.Generator, scene: tuple[int, int], shape: tuple[int, int]
    ) -> tuple[int, int]:
        """Height and width of a part of a scene `(h, w)` that becomes a view of a shape."""
        height, width = scene
        area = rng.uniform(*self.shares) * height * width
        aspect = shape[0] / shape[1] * np.exp(rng.uniform(-0.3, 0.3))
        h, w = np.sqrt(area * aspect), np.sqrt(area / aspect)
        return max(32, min(height, int(h))), max(32, min(width, int(w)))


_Part = tuple[Tensor, Tensor, NDArray[np.int64], NDArray[np.float64], frozenset[int]]


def _corner(rng: np.random.Generator, scene: Scene, target: int, h: int, w: int) -> tuple[int, int]:
    """Upper left corner of a part of `h` x `w` pixels that shows the target's middle."""
    height, width = scene.instances.shape
    rows, columns = np.nonzero(scene.instances == target)
    if target == 0 or rows.size == 0:
        return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    y, x = int(rows.mean()), int(columns.mean())
    top = rng.integers(max(0, y - h + 1), min(y, height - h) + 1)
    left = rng.integers(max(0, x - w + 1), min(x, width - w) + 1)
    return int(top), int(left)


def whole_view(scene: Scene, longest: int) -> tuple[Tensor, Tensor]:
    """A whole scene as one view: pixels `(3, H, W)` uint8 and instances `(H, W)` int64.

    The longer side has about `longest` pixels, and both are multiples of 32.
    """
    scale = longest / max(scene.instances.shape)
    height, width = (multiple_of_32(side * scale) for side in scene.instances.shape)
    pixels = resize(torch.from_numpy(scene.pixels.copy()), (height, width))
    instances = torch.from_numpy(scene.instances.astype(np.float32))[None, None]
    return pixels, F.interpolate(instances, (height, width), mode="nearest-exact")[0, 0].long()


def multiple_of_32(side: float) -> int:
    """The nearest multiple of 32, the coarsest stride of the image encoders."""
    return max(32, 32 * round(side / 32))


def resize(pixels: Tensor, shape: tuple[int, int]) -> Tensor:
    """`(3, h, w)` uint8 to `(3, H, W)` uint8, antialiased."""
    return F.interpolate(pixels[None], shape, mode="bilinear", antialias=True)[0]


def visible_objects(
    instances: Tensor, categories: NDArray[np.int64], areas: NDArray[np.float64]
) -> list[VisibleObject]:
    """The objects of an instance map with their places and sizes.

    Args:
        instances: `(H, W)` int64.
        categories: Category of each number.
        areas: Pixels each object would have if all of it were visible.
    """
    height, width = instances.shape
    flat = instances.numpy().ravel()
    rows, columns = np.divmod(np.arange(flat.size), width)
    count = np.bincount(flat, minlength=len(categories))
    x = np.bincount(flat, columns, minlength=len(categories)) / np.maximum(count, 1)
    y = np.bincount(flat, rows, minlength=len(categories)) / np.maximum(count, 1)
    return [
        VisibleObject(
            number=number,
            category=int(categories[number]),
            x=(x[number] + 0.5) / width,
            y=(y[number] + 0.5) / height,
            area=count[number] / flat.size,
            whole=bool(count[number] >= max(MINIMUM_CELLS, WHOLE_SHARE * areas[number])),
        )
        for number in range(1, len(categories))
        if count[number] > 0
    ]


def balanced(found: Sequence[Expression], most: int, rng: np.random.Generator) -> list[Expression]:
    """At most `most` sentences: one in four about what is absent, the others of mixed kinds."""
    absent = [e for e in found if e.kind == "absent"]
    present: dict[str, list[Expression]] = {}
    for expression in found:
        if expression.kind != "absent":
            present.setdefault(expression.kind, []).append(expression)
    kinds = list(present)
    rng.shuffle(kinds)
    mixed = []
    while any(present.values()):
        mixed += [present[kind].pop() for kind in kinds if present[kind]]
    wanted = most if not mixed else int(rng.random() < 0.25 * most) + int(0.25 * (most - 1))
    chosen = mixed[: most - min(wanted, len(absent))]
    return [*chosen, *absent[: most - len(chosen)]]


def _mosaic(parts: list[_Part]) -> _Part:
    """Four square parts as one, numbered anew; what one of them leaves unlabelled, all do."""
    offset, maps, categories, areas = 0, [], [np.array([-1])], [np.array([0.0])]
    for _, instances, part_categories, part_areas, _ in parts:
        maps.append(torch.where(instances > 0, instances + offset, 0))
        categories.append(part_categories[1:])
        areas.append(part_areas[1:])
        offset += len(part_categories) - 1
    return (
        _tile([part[0] for part in parts]),
        _tile(maps),
        np.concatenate(categories),
        np.concatenate(areas),
        frozenset().union(*(part[4] for part in parts)),
    )


def _tile(parts: list[Tensor]) -> Tensor:
    return torch.cat([torch.cat(parts[:2], -1), torch.cat(parts[2:], -1)], -2)


def _photometric(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Another brightness, contrast, saturation and cast; sometimes grey, or bands exchanged."""
    x = pixels.float() / 255
    if rng.random() < 0.05:
        x = x[torch.from_numpy(rng.permutation(3))]
    grey = x.mean(0, keepdim=True)
    saturation = 0.0 if rng.random() < 0.08 else rng.uniform(0.5, 1.5)
    x = grey + (x - grey) * saturation
    x = (x - x.mean()) * rng.uniform(0.7, 1.35) + x.mean() * rng.uniform(0.7, 1.3)
    x = x * torch.from_numpy(rng.uniform(0.88, 1.12, (3, 1, 1)).astype(np.float32))
    return (x.clamp(0, 1) ** rng.uniform(0.8, 1.25) * 255).to(torch.uint8)
