"""A user's own model: taught, listed, loaded on its base alone, exported, imported, deleted."""

from __future__ import annotations

import json
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
import torch
from peft import PeftConfig, PeftModel
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.command import main as cli
from engine.errors import InputError, ModelError, OutputError
from engine.models import adapter, exchange, folders, zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD, Base
from engine.models.folders import MODELS_VARIABLE
from engine.models.integrity import sha256
from engine.models.weights import save_small
from engine.service.methods import Methods
from engine.systems.adapter_config import AdapterConfig
from engine.systems.loading import load
from engine.systems.rsrefseg2 import adapters
from engine.systems.rsrefseg2 import config as sizes
from engine.systems.rsrefseg2.lora import merge_published
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.training import rehearsal
from engine.training import run as room
from engine.training.config import DataConfig, OptimiserConfig, TrainingConfig, read
from tests.engine.systems.conftest import siglip_config, tiny_config
from tests.engine.training.tiny_run import painted_scene

BASE, OWN = "rsrefseg2-compact", "red-ponds"
WEIGHTS, CONFIG = ADAPTER_FILES
SCOPES = ("prompter", "encoders", "everything")


def tiny_cards(folder: Path) -> None:
    """The bundled model's card with the weights of a tiny one."""
    folder.mkdir()
    torch.manual_seed(4)
    model = RSRefSeg2(tiny_config())
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    weights = folder / f"{BASE}.safetensors"
    save_small(model.state_dict(), weights)
    card = tomllib.loads((folders.CARDS / f"{BASE}.toml").read_text("utf-8"))
    card["weights"] = [{"name": weights.name}]
    (folder / f"{BASE}.toml").write_text(tomli_w.dumps(card), "utf-8")


def painted_data(root: Path) -> DataConfig:
    """RISBench's layout: ponds that the base has no word for, and one view without any."""
    for folder in ("img_rgb", "mask"):
        (root / folder).mkdir(parents=True)
    for number, split in enumerate(["train"] * 3 + ["val"] * 3):
        scene = painted_scene(f"{number}.png", 0)
        mask = (scene.instances > 0) & (number != 5)
        Image.fromarray(scene.pixels.transpose(1, 2, 0)).save(root / "img_rgb" / scene.name)
        Image.fromarray(mask.astype(np.uint8) * 255).save(root / "mask" / scene.name)
        with (root / f"output_phrase_{split}.txt").open("a") as lines:
            lines.write(f"{scene.name} {'The red pond' if number % 2 else 'red quarry'}\n")
    return DataConfig(format="risbench", root=root)


@dataclass(frozen=True)
class House:
    """The cards of the plugin, the user's models, and a run that made them."""

    cards: Path
    models: Path
    run: TrainingConfig

    def use(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(folders, "CARDS", self.cards)
        patch.setenv(MODELS_VARIABLE, str(self.models))
        patch.setattr(sizes, "compact", tiny_config)

    @property
    def own(self) -> Path:
        return self.models / OWN


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two steps of each scope."""
    folder = tmp_path_factory.mktemp("house")
    tiny_cards(folder / "cards")
    house = House(
        folder / "cards",
        folder / "models",
        TrainingConfig(
            model=BASE,
            out=folder / "run",
            data=painted_data(folder / "data"),
            optimiser=OptimiserConfig(steps=2, batch=2, warmup=1, learning_rate=0.01, ema=0.5),
            side=64,
            adapter=AdapterConfig(BASE, OWN, title="Red ponds", licence="Mine", rehearse=0),
        ),
    )
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        house.use(patch)
        for scope in SCOPES:
            named = AdapterConfig(BASE, OWN if scope == SCOPES[0] else scope, scope=scope)
            chosen = replace(house.run.adapter, id=named.id, scope=scope)
            out = folder / f"run-{scope}"
            assert room.run(replace(house.run, adapter=chosen, out=out), "cpu") == (
                house.models / named.id
            )
        yield house
    torch.set_flush_denormal(False)
    torch.set_num_threads(threads)


@pytest.fixture
def house(first: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The same, to do as one likes with."""
    own = House(tmp_path / "cards", tmp_path / "models", replace(first.run, out=tmp_path / "run"))
    shutil.copytree(first.cards, own.cards)
    shutil.copytree(first.models, own.models)
    own.use(monkeypatch)
    return own


@torch.inference_mode()
def logits(model: Any) -> Tensor:
    torch.manual_seed(9)
    ids = model.encoder.tokenize(["the red pond", "all planes"])
    return model.eval()(torch.rand(2, 3, 64, 64), ids).masks.logits


def network(model_id: str) -> RSRefSeg2:
    return load(model_id, "cpu").model  # type: ignore[attr-defined, no-any-return]


# Taught


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_loaded_is_what_was_trained(first: House, scope: str) -> None:
    kept = first.run.out.with_name(f"run-{scope}") / "kept.pt"
    trained = network(BASE)
    before = logits(trained)
    wanted = replace(first.run.adapter, scope=scope)
    adapter.inject(trained, adapters.adaptation(trained, wanted))
    trained.load_state_dict(torch.load(kept, weights_only=True))
    loaded = network(OWN if scope == SCOPES[0] else scope)

    torch.testing.assert_close(logits(loaded), logits(trained), rtol=0, atol=1e-5)
    base = logits(network(BASE))
    torch.testing.assert_close(base, before, rtol=0, atol=1e-5, msg="the base is as it was")
    assert (logits(loaded) - before).abs().max() > 1e-3


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_not_adapted_stays_to_the_last_byte(first: House, scope: str) -> None:
    """Running statistics too, of what moves and of what does not."""
    base = {name.replace("_module", ""): v for name, v in network(BASE).state_dict().items()}
    state = torch.load(first.run.out.with_name(f"run-{scope}") / "kept.pt", weights_only=True)
    frozen, moved = set(), set()
    for name, value in state.items():
        original = name.replace(".original_module", "").replace(".base_layer", "")
        copied = original.replace(".modules_to_save.default", "")
        if "lora_" in name:
            continue
        if "modules_to_save" not in name or "running_" in name or "num_batches" in name:
            assert torch.equal(value, base[copied]), name
            frozen.add(copied)
        elif not torch.equal(value, base[copied]):
            moved.add(copied)
    assert frozen == set(base)
    assert any("running_mean" in name for name in frozen)
    assert {name.split(".")[0] for name in moved} >= {"prompter", "sam"}
    encoders = [name for name in moved if name.startswith(("encoder.", "sam.image_encoder."))]
    assert bool(encoders) == (scope == "everything")


def test_low_rank_updates_move_every_encoder(first: House) -> None:
    tensors = load_file(first.own / WEIGHTS)
    for part in ("encoder.model.visual.", "encoder.model.transformer.", "sam.image_encoder."):
        updates = [
            v
            for n, v in tensors.items()
            if n.startswith(f"base_model.model.{part}") and "lora_B" in n
        ]
        assert any(update.any() for update in updates), part
    wide = load_file(first.models / "encoders" / WEIGHTS)
    text = "base_model.model.encoder.model.transformer."
    ranks = {
        (n.startswith(text), v.shape[0], wide[n].shape[0])
        for n, v in tensors.items()
        if "lora_A" in n
    }
    # The words are new whatever is seen.
    assert ranks == {(True, 16, 16), (False, 4, 16)}


def test_peft_itself_reads_the_folder(first: House) -> None:
    config = PeftConfig.from_pretrained(str(first.own))
    assert (config.peft_type, config.base_model_name_or_path) == ("LORA", BASE)
    wrapped = PeftModel.from_pretrained(network(BASE), str(first.own))
    given = logits(wrapped.base_model.model)
    torch.testing.assert_close(given, logits(network(OWN)), rtol=0, atol=1e-5)


def test_the_card_says_what_it_is(first: House) -> None:
    card, base = zoo.card(OWN), zoo.card(BASE)
    assert (card.title, card.licence) == ("Red ponds", f"{base.licence}; Mine")
    inherited = ("system", "configuration", "view", "window", "overlap", "finest", "coarsest")
    assert all(getattr(card, name) == getattr(base, name) for name in inherited)
    assert card.base == Base(BASE, sha256(first.cards / f"{BASE}.safetensors"))
    assert sorted(card.taught) == ["red quarry", "the red pond"]
    assert (card.data["train"], card.data["val"]) == (3, 3)
    rows = card.metrics["expressions"]
    assert {text: row["n"] for text, row in rows.items()} == {"the red pond": 2, "red quarry": 1}
    after = sum(row["after"] * row["n"] for row in rows.values()) / 3
    assert card.metrics["mIoU after"] == pytest.approx(after, abs=1e-4)
    assert card.check("The Red Pond on the left").known == ("the red pond",)
    assert card.check("a storage-tank").known == ("storage tank",)
    assert card.check("xylophone").unknown
    assert base.check("the red pond").unknown


def test_results_are_signed_by_base_and_adapter(house: House) -> None:
    told = load(OWN, "cpu")
    assert told.card == zoo.card(OWN)
    others = {load(name, "cpu").weights_sha256 for name in (BASE, "encoders", "everything")}
    assert len({told.weights_sha256, *others}) == 4


def test_a_run_says_what_it_wants_in_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    start = f'model = "{BASE}"\nout = "x"\n[optimiser]\nsteps = 1\n[adapter]\nbase = "{BASE}"\n'
    path.write_text(f'{start}id = "a"\nscope = "encoders"\ntext = 0')
    assert read(path).adapter.ranks == {"image": 16, "text": 0, "sam": 16}
    for wrong in (
        'id = "../a"',
        'id = "a"\nimage = "4"',
        'id = "a"\nsam = 257',
        'id="a"\nscope="b"',
    ):
        path.write_text(f"{start}{wrong}")
        with pytest.raises(InputError):
            read(path)


def test_a_model_of_that_name_is_refused_before_training(house: House) -> None:
    with pytest.raises(InputError, match="'red-ponds' already"):
        room.run(house.run, "cpu")
    for wrong in (OWN, "other-base"):
        taken = replace(house.run.adapter, id="new", base=wrong)
        with pytest.raises((InputError, ModelError)):
            room.run(replace(house.run, adapter=taken, model=wrong), "cpu")
    assert not house.run.out.exists()


def test_what_the_base_knew_is_asked_again_and_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "VIEWS", 16)
    monkeypatch.setattr(rehearsal, "LONGEST", 64)
    metrics = {}
    for name, rate in (("moved", 0.03), ("unmoved", 0.0)):
        adapter = replace(house.run.adapter, id=name, rehearse=0.5)
        optimiser = replace(house.run.optimiser, learning_rate=rate, steps=4, ema=0.0)
        out = house.run.out / name
        room.run(replace(house.run, adapter=adapter, optimiser=optimiser, out=out), "cpu")
        card = zoo.card(name)
        lines = (out / "rehearsal/annotations.jsonl").read_text("utf-8").splitlines()
        held_out = sum("val" in line for line in lines)
        assert card.metrics["n known"] == held_out > 0
        assert card.data["rehearsed"] > 2 * held_out
        metrics[name] = card.metrics["mIoU known"]
    # What was not taught anything answers as it did.
    assert metrics["unmoved"] > 0.99
    assert metrics["moved"] < 0.95


def test_without_anything_held_out_the_last_weights_count_and_no_metric_is_told(
    house: House, tmp_path: Path
) -> None:
    data = painted_data(tmp_path / "data")
    (data.root / "output_phrase_val.txt").write_text("")
    wanted = replace(house.run.adapter, id="unmeasured")
    optimiser = replace(house.run.optimiser, ema=0.0)
    room.run(replace(house.run, data=data, adapter=wanted, evaluate_every=1,
                     optimiser=optimiser), "cpu")  # fmt: skip
    card = zoo.card("unmeasured")
    assert (card.metrics, card.data["val"]) == ({}, 0)
    assert "the red pond" in card.about
    kept = torch.load(house.run.out / "kept.pt", weights_only=True)
    last = torch.load(house.run.out / "checkpoint.pt", weights_only=True)["model"]
    assert all(torch.equal(kept[name], value) for name, value in last.items())
    assert any("lora_B" in name for name in last)


def test_published_adapters_are_made_part_of_the_base() -> None:
    torch.manual_seed(0)
    model = RSRefSeg2(siglip_config()).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)

    def answer() -> Tensor:
        torch.manual_seed(9)
        with torch.inference_mode():
            return model(torch.rand(1, 3, 64, 64), torch.randint(1, 40, (1, 8))).masks.logits

    before = answer()
    merge_published(model)
    torch.testing.assert_close(answer(), before, rtol=1e-4, atol=1e-4)
    assert not any("lora_" in name for name in model.state_dict())
    adapter.inject(model, adapters.adaptation(model, AdapterConfig(BASE, "x")))
    torch.testing.assert_close(answer(), before, rtol=1e-4, atol=1e-4)


# Refused


def test_another_base_is_refused_by_name(house: House) -> None:
    weights = house.cards / f"{BASE}.safetensors"
    torch.manual_seed(5)
    save_small(RSRefSeg2(tiny_config()).state_dict(), weights)
    with pytest.raises(ModelError, match=f"Red ponds was made on other weights of {BASE}"):
        load(OWN, "cpu")
    load(BASE, "cpu")


def signed(folder: Path) -> None:
    """Signs the files of a model as they are."""
    path = folder / OWN_CARD
    card = tomllib.loads(path.read_text("utf-8"))
    for file in card["weights"]:
        file["sha256"] = sha256(folder / file["name"])
    path.write_text(tomli_w.dumps(card), "utf-8")


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    (first, value), *rest = tensors.items()
    return {f"{first}.other": value, **dict(rest)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: dict(list(t.items())[1:]), "missing: "),
        (renamed, "unexpected: "),
        (lambda t: {name: value[:1] for name, value in t.items()}, "of another shape: "),
    ],
)
def test_tensors_that_do_not_fit_are_named(house: House, change: Any, message: str) -> None:
    tensors = {n: v for n, v in load_file(house.own / WEIGHTS).items() if v.ndim}
    whole = load_file(house.own / WEIGHTS)
    save_file({**{n: v for n, v in whole.items() if not v.ndim}, **{
        n: v.contiguous() for n, v in change(tensors).items()}}, house.own / WEIGHTS)  # fmt: skip
    signed(house.own)
    with pytest.raises(ModelError, match=message):
        load(OWN, "cpu")


def test_a_truncated_adapter_is_refused_signed_or_not(house: House) -> None:
    path = house.own / WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="SHA-256"):
        load(OWN, "cpu")
    signed(house.own)
    with pytest.raises(ModelError, match="cannot be read as weights"):
        load(OWN, "cpu")


@pytest.mark.parametrize(
    "change",
    [
        {"target_modules": "(a+)+$"},
        {"target_modules": ["sam.no_such_layer"], "rank_pattern": {r"sam\.no_such_layer": 4}},
        {"modules_to_save": ["no_such_module"]},
        {"lora_alpha": "16"},
        {"lora_alpha": 1e300},
        {"lora_alpha": 10**300},
        {"lora_alpha": 257},
        {"lora_alpha": 0},
        {"lora_alpha": -16},
        {"lora_alpha": float("nan")},
        {"lora_alpha": True},
        {"use_dora": True},
        {"peft_type": "IA3"},
        {"rank_pattern": {}},
    ],
)
def test_a_configuration_of_another_kind_is_refused(house: House, change: dict[str, Any]) -> None:
    path = house.own / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    signed(house.own)
    with pytest.raises(ModelError):
        load(OWN, "cpu")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_adapter_of_numbers_that_are_none_is_refused(house: House, value: float) -> None:
    tensors = load_file(house.own / WEIGHTS)
    next(tensor for tensor in tensors.values() if tensor.ndim == 2)[0, 0] = value
    save_file(tensors, house.own / WEIGHTS)
    signed(house.own)
    with pytest.raises(ModelError, match="not finite"):
        load(OWN, "cpu")


CARD_CHANGES: list[dict[str, Any]] = [
    {"id": "another"},
    {"base": {"id": "no-such", "sha256": ""}},
    {"system": "rs2_sam2"},
    {"vocabulary": "no-such"},
    {"view": 10**9},
    {"finest": "fine"},
    {"finest": float("nan")},
    {"taught": ["  "]},
    {"weights": [{"name": "../../secret", "sha256": "0" * 64}]},
    {"base": None},
]


@pytest.mark.parametrize("change", CARD_CHANGES)
def test_a_damaged_card_hides_no_other_model(
    house: House, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = house.own / OWN_CARD
    card = {**tomllib.loads(path.read_text("utf-8")), **change}
    said = {name: value for name, value in card.items() if value is not None}
    path.write_text(tomli_w.dumps(said), "utf-8")
    assert [card.id for card in zoo.cards()] == [BASE, "encoders", "everything"]
    (entry,) = zoo.damaged()
    assert entry.id == OWN
    with pytest.raises(ModelError, match=r"card\.toml"):
        load(OWN, "cpu")
    cli.main(["models"])
    assert entry.reason in capsys.readouterr().err
    exchange.delete(OWN)
    assert not zoo.damaged()
    assert not house.own.exists()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"id = ", b"[" * 10_000])
def test_a_card_that_is_none_hides_no_other_model(house: House, content: bytes) -> None:
    (house.own / OWN_CARD).write_bytes(content)
    assert [card.id for card in zoo.cards()] == [BASE, "encoders", "everything"]
    assert [entry.id for entry in zoo.damaged()] == [OWN]


# Exchanged


def test_a_model_moves_to_another_machine(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ponds.zip"
    answer = logits(network(OWN))
    cli.main(["models", "--export", OWN, str(file)])
    there = replace(house, models=tmp_path / "there")
    there.use(monkeypatch)
    assert [card.id for card in zoo.cards()] == [BASE]
    cli.main(["models", "--import", str(file)])
    assert sorted(path.name for path in there.own.iterdir()) == sorted(exchange.LARGEST)
    torch.testing.assert_close(logits(network(OWN)), answer, rtol=0, atol=1e-5)
    with pytest.raises(ModelError, match="'red-ponds' already"):
        exchange.load(file)
    cli.main(["models", "--delete", OWN])
    assert list(there.models.iterdir()) == []


def test_the_worker_exchanges_models_and_forgets_what_was_deleted(
    house: House, tmp_path: Path
) -> None:
    methods, request = Methods(), None
    table: dict[str, Callable[..., Any]] = methods.table()
    told = table["export_model"](request, model=OWN, path=tmp_path / "a.zip")
    first = methods._load(OWN, "cpu")
    table["delete_model"](request, model=OWN)
    assert OWN not in [card["id"] for card in table["models"](request)]
    with pytest.raises(ModelError, match="no model 'red-ponds'"):
        methods._load(OWN, "cpu")
    card = table["import_model"](request, path=Path(told["path"]))
    assert (card["id"], card["installed"], card["bundled"]) == (OWN, True, False)
    assert card["teachable"], "a model of one's own is taught further"
    assert "the red pond" in card["categories"]
    again = methods._load(OWN, "cpu")
    assert again is not first
    assert methods._load(OWN, "cpu") is again


def test_a_model_of_the_plugin_stays(house: House, tmp_path: Path) -> None:
    for ask in (lambda: exchange.delete(BASE), lambda: exchange.export(BASE, tmp_path / "a.zip")):
        with pytest.raises(ModelError, match="comes with the plugin"):
            ask()
    assert load(BASE, "cpu").card.id == BASE
    for name in ("..", "", "no-such"):
        with pytest.raises(ModelError, match="no model"):
            exchange.delete(name)


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def without_card(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name != OWN_CARD}


def escaping(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**without_card(files), "../card.toml": files[OWN_CARD]}


def vast(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, CONFIG: b" " * 2**24}


def card_of(**change: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def changed(files: dict[str, bytes]) -> dict[str, bytes]:
        card = {**tomllib.loads(files[OWN_CARD].decode()), **change}
        return {**files, OWN_CARD: tomli_w.dumps(card).encode()}

    return changed


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (without_card, InputError),
        (escaping, InputError),
        (vast, InputError),
        (lambda files: {**files, "run.sh": b"echo"}, InputError),
        (lambda files: {**files, WEIGHTS: files[WEIGHTS][:-1]}, ModelError),
        (lambda files: {**files, CONFIG: b"{}"}, ModelError),
        (card_of(id="../../escaped"), ModelError),
        (card_of(id=BASE), ModelError),
        (card_of(base={"id": "no-such", "sha256": "0" * 64}), ModelError),
    ],
)
def test_what_is_no_exported_model_leaves_no_trace(
    house: House, tmp_path: Path, change: Any, error: type[Exception]
) -> None:
    files = {name: (house.own / name).read_bytes() for name in exchange.LARGEST}
    exchange.delete(OWN)
    before = sorted(tmp_path.rglob("*"))
    file = archive(tmp_path / "strange.zip", change(files))
    with pytest.raises(error, match=r"strange\.zip"):
        exchange.load(file)
    file.unlink()
    assert sorted(tmp_path.rglob("*")) == before
    exchange.load(archive(file, files))
    assert zoo.card(OWN).id == OWN


def test_a_damaged_file_is_no_exported_model(house: House, tmp_path: Path) -> None:
    file = exchange.export(OWN, tmp_path / "a.zip")
    exchange.delete(OWN)
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for content in (b"", whole[: len(whole) // 2], bytes(flipped)):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.zip"):
            exchange.load(file)
    for nowhere in (tmp_path, tmp_path / "no.zip"):
        with pytest.raises(InputError, match="cannot be read"):
            exchange.load(nowhere)
    assert sorted(card.id for card in zoo.cards()) == ["encoders", "everything", BASE]


def weights_of_a_model(house: House, tmp_path: Path) -> Path:
    return folders.models_folder() / OWN / WEIGHTS


def a_raster(house: House, tmp_path: Path) -> Path:
    Image.new("RGB", (9, 9)).save(tmp_path / "scene.tif")
    return tmp_path / "scene.tif"


@pytest.mark.parametrize("there", [weights_of_a_model, a_raster])
def test_an_export_replaces_nothing_but_an_export(
    house: House, tmp_path: Path, there: Callable[[House, Path], Path]
) -> None:
    path = there(house, tmp_path)
    before = path.read_bytes()
    reason = "is no exported model, so it was left as it is|lies among the models themselves"
    with pytest.raises((InputError, OutputError), match=reason):
        exchange.export(OWN, path)
    assert path.read_bytes() == before
    exchange.export(OWN, tmp_path / "a.zip")
    exchange.export(OWN, tmp_path / "a.zip")
