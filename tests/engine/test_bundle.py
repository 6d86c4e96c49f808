"""Bundles: what goes in comes out, and what is wrong is said in a sentence."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.bundle import Bundle, save_bundle
from engine.calibration import Calibration
from engine.errors import BundleError
from engine.storage import pack, unpack
from tests.bundles import tiny_tokenizer


@pytest.fixture
def bundle(graph_bundle: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(graph_bundle, tmp_path / "bundle"))


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest."""
    path = folder / "bundle.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def replace(folder: Path, file: str, content: bytes) -> None:
    """Put other content in a file, and its true hash in the manifest."""
    (folder / file).write_bytes(content)
    change(folder, lambda m: m["files"].update({file: hashlib.sha256(content).hexdigest()}))


def change_tensors(folder: Path, file: str, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / file)
    edit(tensors)
    save_file(tensors, folder / file)
    replace(folder, file, (folder / file).read_bytes())


def test_what_is_loaded_is_what_was_saved(tiny_bundle: Path, tmp_path: Path) -> None:
    first = Bundle.load(tiny_bundle)
    save_bundle(
        tmp_path,
        name="again",
        text=first.text,
        tokenizer_json=tiny_tokenizer().to_str(),
        turns=4,
        max_tokens=64,
        audio=first.audio,
        video=first.video,
        fusion=first.fusion,
        calibration=Calibration(first.calibration.fused | {"video": 1.7}, first.calibration.alone, 0.3),
        training={"data": ["noise"]},
        scores={"weighted_f1": 0.14},
        card="# again",
    )
    second = Bundle.load(str(tmp_path))
    assert (second.name, second.prompt.turns, second.prompt.max_tokens) == ("again", 4, 64)
    assert second.calibration.fused["video"] == 1.7
    assert second.manifest.training == {"data": ["noise"]}
    for part in ("text", "audio", "video", "fusion"):
        before, after = getattr(first, part).state_dict(), getattr(second, part).state_dict()
        for name, tensor in before.items():
            torch.testing.assert_close(after[name], tensor, rtol=0, atol=1e-6)


def test_int8_matrices_are_within_half_a_step_and_vectors_exact() -> None:
    torch.manual_seed(0)
    model, copy = torch.nn.Linear(64, 8), torch.nn.Linear(64, 8)
    unpack(pack(model, int8_matrices=True), copy)
    step = model.weight.abs().amax(dim=1, keepdim=True) / 127
    assert ((copy.weight - model.weight).abs() <= step / 2 + 1e-7).all()
    assert torch.equal(copy.bias, model.bias)


def test_weights_that_are_not_finite_are_not_saved() -> None:
    model = torch.nn.Linear(4, 4)
    torch.nn.init.constant_(model.weight, 1e9)  # more than float16 holds
    with pytest.raises(ValueError, match="weight is not finite"):
        pack(model)


def test_a_loaded_bundle_is_ready_to_serve(tiny_bundle: Path) -> None:
    bundle = Bundle.load(tiny_bundle)
    for model in (bundle.text, bundle.audio, bundle.video, bundle.fusion):
        assert not model.training
        assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "file", ["text.safetensors", "audio.safetensors", "tokenizer.json", "MODEL_CARD.md", "text.onnx"]
)
def test_a_flipped_byte_is_found(bundle: Path, file: str) -> None:
    content = bytearray((bundle / file).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / file).write_bytes(content)
    with pytest.raises(BundleError, match=rf"{file} is not the file .* get the bundle again"):
        Bundle.load(bundle)


@pytest.mark.parametrize("file", ["bundle.json", "video.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(bundle: Path, file: str) -> None:
    (bundle / file).unlink()
    with pytest.raises(BundleError, match=file):
        Bundle.load(bundle)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda m: m.update(format_version=2), "format 2, .* upgrade undertone"),
        (lambda m: m.update(format_version="one"), "format_version"),
        (lambda m: m.pop("calibration"), "calibration"),
        (lambda m: m.update(labels=m["labels"][::-1]), "its labels are"),
        (lambda m: m["fusion"].update(text=99), "does not take the students' embeddings"),
        (lambda m: m["audio"].update(labels=6), "must have 7 outputs"),
        (lambda m: m["prompt"].update(max_tokens=4096), "do not fit 64 positions"),
        (lambda m: m["calibration"]["fused"].update(text=-1), "above 0"),
        (lambda m: m["fusion"].update(width=33), "width must be a multiple"),
        (lambda m: m["files"].update({"../../secret": "0" * 64}), "no other"),
        (lambda m: m["files"].pop("text.safetensors"), "must list the files"),
        (lambda m: m.update(surprise=1), "surprise"),
    ],
)
def test_a_manifest_that_can_not_be_is_refused(
    bundle: Path, edit: Callable[[dict[str, Any]], object], says: str
) -> None:
    change(bundle, edit)
    with pytest.raises(BundleError, match=says):
        Bundle.load(bundle)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format_version": 1}'])
def test_a_manifest_that_is_none_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        Bundle.load(bundle)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"\xff" * 64, b"PK\x03\x04 not safetensors"])
def test_weights_that_are_not_safetensors_are_refused(bundle: Path, content: bytes) -> None:
    replace(bundle, "fusion.safetensors", content)
    with pytest.raises(BundleError, match="not a safetensors file"):
        Bundle.load(bundle)


@pytest.mark.parametrize(
    ("model", "edit", "says"),
    [
        ("fusion", lambda t: t.update({"speaker.weight": torch.zeros(9, 32)}), r"has shape \[9, 32\]"),
        ("fusion", lambda t: t.pop("speaker.weight"), "missing: speaker.weight"),
        ("video", lambda t: t.update(extra=torch.zeros(1)), "not part of the model: extra"),
        ("text", lambda t: t.pop("head.weight.scale"), "head.weight has no scale"),
        ("text", lambda t: t.update({"head.weight.scale": torch.ones(1)}), "head.weight has no scale"),
        ("audio", lambda t: t.update({"head.bias": torch.full((7,), torch.nan)}), "head.bias is not finite"),
    ],
)
def test_weights_that_do_not_fit_the_model_are_refused(
    bundle: Path, model: str, edit: Callable[[dict[str, torch.Tensor]], object], says: str
) -> None:
    change_tensors(bundle, f"{model}.safetensors", edit)
    with pytest.raises(BundleError, match=says):
        Bundle.load(bundle)


@pytest.mark.parametrize("content", [b"", b"{}", b"not a tokenizer"])
def test_a_tokenizer_that_is_none_is_refused(bundle: Path, content: bytes) -> None:
    replace(bundle, "tokenizer.json", content)
    with pytest.raises(BundleError, match=r"tokenizer\.json can't be used"):
        Bundle.load(bundle)


def test_a_tokenizer_without_the_prompts_tokens_is_refused(bundle: Path) -> None:
    plain = json.loads(tiny_tokenizer().to_str())
    plain["added_tokens"] = [t for t in plain["added_tokens"] if t["content"] != "<s3>"]
    replace(bundle, "tokenizer.json", json.dumps(plain).encode())
    with pytest.raises(BundleError, match="<s3>"):
        Bundle.load(bundle)


def test_a_tokenizer_larger_than_the_students_vocabulary_is_refused(bundle: Path) -> None:
    larger = tiny_tokenizer()
    larger.add_tokens(["something"])
    replace(bundle, "tokenizer.json", larger.to_str().encode())
    with pytest.raises(BundleError, match="more tokens than the text student knows"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", ["no-such-bundle", "/no/such/folder", "../no/such", "a/b/c"])
def test_a_bundle_that_is_nowhere_is_named(name: str) -> None:
    with pytest.raises(BundleError, match="no bundle"):
        Bundle.load(name)


def test_a_hub_id_without_network_fails_with_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BundleError, match=r"undertone-test/nothing .* check name and network"):
        Bundle.load("undertone-test/nothing")
