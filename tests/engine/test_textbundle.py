"""Bundles of text alone: what goes in comes out, and neither kind of bundle is taken for the other."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.bundle import Bundle
from engine.errors import BundleError
from engine.manifest import read_kind
from engine.prompt import Turn
from engine.storage import unpack
from engine.students import TextStudent
from engine.textbundle import TextBundle
from tests.bundles import write_tiny_text_bundle

LABELS = ("ang", "exc", "fru", "hap", "neu", "sad")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_text_bundle(tmp_path / "text", LABELS)


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest."""
    manifest = json.loads((folder / "bundle.json").read_text())
    edit(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest))


def test_what_is_loaded_is_what_was_saved(folder: Path) -> None:
    bundle = TextBundle.load(folder)
    assert (bundle.name, bundle.labels, bundle.temperature) == ("tiny-text", LABELS, 1.5)
    assert (bundle.prompt.turns, bundle.prompt.max_tokens) == (4, 64)
    assert not bundle.text.training
    stored = TextStudent(bundle.manifest.text)
    unpack((folder / "text.safetensors").read_bytes(), stored.eval())
    inputs = bundle.prompt.collate([bundle.prompt.encode([], Turn(1, "great"))])
    assert bundle.text(*inputs).logits.shape == (1, 6)
    torch.testing.assert_close(bundle.text(*inputs).logits, stored(*inputs).logits)


def test_its_folder_holds_four_files_and_says_what_it_is(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "bundle.json", "text.safetensors", "tokenizer.json", "MODEL_CARD.md"
    }  # fmt: skip
    assert read_kind(folder) == "text"


def test_it_is_refused_where_all_modalities_are_needed(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"is a bundle of text, but one of text\+audio\+video is needed here: give"):
        Bundle.load(folder)


def test_a_bundle_of_all_modalities_is_refused_where_text_alone_is_needed(tiny_bundle: Path) -> None:
    assert read_kind(tiny_bundle) == "text+audio+video"
    with pytest.raises(BundleError, match=r"is a bundle of text\+audio\+video, but one of text is needed here: give"):
        TextBundle.load(tiny_bundle)


def test_a_bundle_from_before_there_were_kinds_is_one_of_all_modalities(tiny_bundle: Path, tmp_path: Path) -> None:
    for file in tiny_bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    change(tmp_path, lambda manifest: manifest.pop("kind"))
    assert Bundle.load(tmp_path).name == "tiny"
    with pytest.raises(BundleError, match="one of text is needed"):
        TextBundle.load(tmp_path)


@pytest.mark.parametrize("file", ["text.safetensors", "tokenizer.json", "MODEL_CARD.md"])
def test_a_flipped_byte_is_found(folder: Path, file: str) -> None:
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(content)
    with pytest.raises(BundleError, match=rf"{file} is not the file .* get the bundle again"):
        TextBundle.load(folder)


def test_weights_that_are_none_are_refused(folder: Path) -> None:
    (folder / "text.safetensors").write_bytes(b"nothing")
    digest = hashlib.sha256(b"nothing").hexdigest()
    change(folder, lambda m: m["files"].update({"text.safetensors": digest}))
    with pytest.raises(BundleError, match=r"text\.safetensors can't be used: it is not a safetensors file"):
        TextBundle.load(folder)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda m: m.update(format_version=2), "format 2, .* upgrade undertone"),
        (lambda m: m.update(kind="audio"), "kind"),
        (lambda m: m["labels"].pop(), "has 6 outputs for 5 labels"),
        (lambda m: m.update(labels=["ang"] * 6), "all different"),
        (lambda m: m["text"].update(hidden=64), "has shape"),
        (lambda m: m.update(temperature=0), "temperature"),
        (lambda m: m["prompt"].update(max_tokens=4096), "do not fit 64 positions"),
        (lambda m: m["files"].pop("tokenizer.json"), "must list the files"),
        (lambda m: m.update(audio={}), "audio"),
    ],
)
def test_a_manifest_that_can_not_be_is_refused(
    folder: Path, edit: Callable[[dict[str, Any]], object], says: str
) -> None:
    change(folder, edit)
    with pytest.raises(BundleError, match=says):
        TextBundle.load(folder)
