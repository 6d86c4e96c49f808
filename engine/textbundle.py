"""A bundle of text alone: one student for any set of labels, such as IEMOCAP's six. For scoring, not for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from engine.bundle import find, hashes, load_prompt, load_weights, write
from engine.manifest import CARD, TEXT_FILES, TOKENIZER, PromptSettings, TextManifest, read_file, read_manifest
from engine.prompt import Prompt
from engine.storage import pack
from engine.students import TextStudent

_WEIGHTS = "text.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class TextBundle:
    """A text student in float32, on the CPU, in evaluation mode. labels: what its outputs are, in their order."""

    name: str
    labels: tuple[str, ...]
    text: TextStudent
    prompt: Prompt
    temperature: float
    manifest: TextManifest

    @classmethod
    def load(cls, name: str | Path) -> "TextBundle":
        """name: as `engine.bundle.Bundle.load` takes it. Raises BundleError, also for a bundle of all modalities."""
        folder = find(name)
        manifest = read_manifest(folder, TextManifest)
        data = {file: read_file(folder, file, manifest) for file in TEXT_FILES}
        text = TextStudent(manifest.text)
        load_weights(text, data[_WEIGHTS], folder / _WEIGHTS)
        prompt = load_prompt(data[TOKENIZER], manifest, folder)
        return cls(manifest.name, manifest.labels, text, prompt, manifest.temperature, manifest)


def save_text_bundle(
    folder: Path,
    *,
    name: str,
    labels: Sequence[str],
    student: TextStudent,
    tokenizer_json: str,
    turns: int,
    max_tokens: int,
    temperature: float,
    training: Mapping[str, JsonValue],
    scores: Mapping[str, JsonValue],
    card: str,
) -> None:
    """Write a bundle of text into `folder`; matrices as int8. Raises ValueError if the parts don't fit together."""
    data = {
        _WEIGHTS: pack(student, int8_matrices=True),
        TOKENIZER: tokenizer_json.encode(),
        CARD: card.encode(),
    }
    manifest = TextManifest(
        kind="text",
        name=name,
        labels=tuple(labels),
        text=student.config,
        prompt=PromptSettings(turns=turns, max_tokens=max_tokens),
        temperature=temperature,
        training=dict(training),
        scores=dict(scores),
        files=hashes(data),
    )
    write(folder, manifest, data)
