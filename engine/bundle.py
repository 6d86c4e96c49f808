"""A model bundle: the three students, the fusion, their calibration, and the words that say where they come from."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue
from safetensors.numpy import load as load_arrays
from tokenizers import Tokenizer
from torch import nn

from engine.calibration import Calibration
from engine.errors import BundleError
from engine.magt import Magt
from engine.manifest import (
    CARD,
    FILES,
    GRAPH,
    MANIFEST,
    TOKENIZER,
    Description,
    Manifest,
    PromptSettings,
    read_file,
    read_manifest,
)
from engine.prompt import Prompt
from engine.storage import pack, unpack
from engine.students import AudioStudent, TextStudent, VideoStudent
from engine.textreader import TextGraph

PACKAGED = Path(__file__).parent / "bundles"
_TEXT = "text.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Models in float32, on the CPU, in evaluation mode. graph: the text student once more, for ONNX Runtime."""

    name: str
    text: TextStudent
    prompt: Prompt
    audio: AudioStudent
    video: VideoStudent
    fusion: Magt
    calibration: Calibration
    manifest: Manifest
    graph: TextGraph | None

    @classmethod
    def load(cls, name: str | Path) -> "Bundle":
        """name: of a bundle that comes with Undertone, a folder, or a hub id ("owner/name"). Raises BundleError."""
        folder = find(name)
        manifest = read_manifest(folder, Manifest)
        data = {file: read_file(folder, file, manifest) for file in FILES}
        text, audio, video = TextStudent(manifest.text), AudioStudent(manifest.audio), VideoStudent(manifest.video)
        fusion = Magt(manifest.fusion)
        for file, module in _weights(text, audio, video, fusion).items():
            load_weights(module, data[file], folder / file)
        prompt = load_prompt(data[TOKENIZER], manifest, folder)
        graph = _graph(folder, manifest, data[_TEXT]) if GRAPH in manifest.files else None
        return cls(manifest.name, text, prompt, audio, video, fusion, manifest.calibration, manifest, graph)


def save_bundle(
    folder: Path,
    *,
    name: str,
    text: TextStudent,
    tokenizer_json: str,
    turns: int,
    max_tokens: int,
    audio: AudioStudent,
    video: VideoStudent,
    fusion: Magt,
    calibration: Calibration,
    training: Mapping[str, JsonValue],
    scores: Mapping[str, JsonValue],
    card: str,
    graph: bytes | None = None,
) -> None:
    """Write a bundle into `folder`; the manifest comes last. Raises ValueError if the parts don't fit together.

    graph: of the text student, as `training.textgraph.text_graph` makes it; without it, torch reads the words.
    """
    modules = _weights(text, audio, video, fusion)
    data = {file: pack(module, int8_matrices=module is text) for file, module in modules.items()}
    data |= {TOKENIZER: tokenizer_json.encode(), CARD: card.encode()} | ({GRAPH: graph} if graph else {})
    manifest = Manifest(
        name=name,
        text=text.config,
        audio=audio.config,
        video=video.config,
        fusion=fusion.config,
        prompt=PromptSettings(turns=turns, max_tokens=max_tokens),
        calibration=calibration,
        training=dict(training),
        scores=dict(scores),
        files=hashes(data),
    )
    write(folder, manifest, data)


def hashes(data: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file, as a manifest lists it."""
    return {file: hashlib.sha256(content).hexdigest() for file, content in data.items()}


def write(folder: Path, manifest: Description, data: Mapping[str, bytes]) -> None:
    """Write a bundle's files; the manifest comes last, so that one half written is none."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in data.items():
        (folder / file).write_bytes(content)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def find(name: str | Path) -> Path:
    """The folder of a bundle: packaged, given, or fetched from the hub. Raises BundleError."""
    text = str(name)
    if re.fullmatch(r"[\w-][\w.-]*", text) and (PACKAGED / text).is_dir():
        return PACKAGED / text
    if Path(name).is_dir():
        return Path(name)
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", text):
        return _fetch(text)
    packaged = sorted(path.name for path in PACKAGED.glob("*/")) or ["none"]
    raise BundleError(
        f"no bundle {text!r}: give a folder, a hub id (owner/name), or one that is here: {', '.join(packaged)}"
    )


def _fetch(hub_id: str) -> Path:
    """The hub's snapshot of a bundle: only a bundle's own files, from the local cache where they are there."""
    from huggingface_hub import snapshot_download

    wanted = [MANIFEST, *FILES, GRAPH]
    try:
        return Path(snapshot_download(hub_id, allow_patterns=wanted, etag_timeout=5))
    except (OSError, ValueError) as error:  # what the hub's client raises: no network, no such repository, not cached
        reason = str(error).strip().partition("\n")[0]
        raise BundleError(
            f"{hub_id} is no folder here and can't be had from the hub ({reason}); check name and network"
        ) from error


def _weights(text: TextStudent, audio: AudioStudent, video: VideoStudent, fusion: Magt) -> dict[str, nn.Module]:
    modules = {"text": text, "audio": audio, "video": video, "fusion": fusion}
    return {f"{name}.safetensors": module for name, module in modules.items()}


def _graph(folder: Path, manifest: Description, weights: bytes) -> TextGraph:
    arrays: dict[str, npt.NDArray[np.generic]] = load_arrays(weights)
    return TextGraph(read_file(folder, GRAPH, manifest), arrays, folder / GRAPH)


def load_weights(module: nn.Module, data: bytes, path: Path) -> None:
    """Fill a module from a weight file's bytes, ready to read with. Raises BundleError naming `path`."""
    try:
        unpack(data, module.eval())
    except ValueError as error:
        raise BundleError(f"{path} can't be used: {error}; export the bundle again") from error


def load_prompt(tokenizer_json: bytes, manifest: Description, folder: Path) -> Prompt:
    """The prompt with a bundle's tokenizer. Raises BundleError."""
    try:
        tokenizer = Tokenizer.from_buffer(tokenizer_json)
        prompt = Prompt(tokenizer, manifest.prompt.turns, manifest.prompt.max_tokens)
    except Exception as error:  # tokenizers raises bare Exception
        raise BundleError(f"{folder / TOKENIZER} can't be used: {error}; export the bundle again") from error
    if tokenizer.get_vocab_size() > manifest.text.vocabulary:
        raise BundleError(f"{folder / TOKENIZER} has more tokens than the text student knows; export the bundle again")
    return prompt
