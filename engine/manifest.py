"""bundle.json: what a bundle says of itself."""

import hashlib
import json
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from engine.calibration import Calibration
from engine.errors import BundleError
from engine.labels import EMOTIONS
from engine.magt import MagtConfig
from engine.students import AudioConfig, TextConfig, VideoConfig

FORMAT_VERSION: Final = 1
MANIFEST: Final = "bundle.json"
TOKENIZER: Final = "tokenizer.json"
CARD: Final = "MODEL_CARD.md"
WEIGHTS: Final = ("text.safetensors", "audio.safetensors", "video.safetensors", "fusion.safetensors")
FILES: Final = (*WEIGHTS, TOKENIZER, CARD)


class PromptSettings(BaseModel):
    """turns: how many past turns the text student reads; max_tokens: how long its prompt is at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turns: int = Field(ge=0)
    max_tokens: int = Field(ge=1)


class Manifest(BaseModel):
    """Configurations of the four models, calibration, where they come from, and a SHA-256 for each file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = FORMAT_VERSION
    name: str = Field(min_length=1, max_length=100)
    labels: tuple[str, ...] = EMOTIONS
    text: TextConfig
    audio: AudioConfig
    video: VideoConfig
    fusion: MagtConfig
    prompt: PromptSettings
    calibration: Calibration
    training: dict[str, JsonValue]
    scores: dict[str, JsonValue]
    files: dict[str, str]

    @model_validator(mode="after")
    def _fits_together(self) -> "Manifest":
        if self.labels != EMOTIONS:
            raise ValueError(
                f"its labels are {list(self.labels)}; this Undertone reads {list(EMOTIONS)}, in this order"
            )
        widths = (self.text.embedding, self.audio.embedding, self.video.embedding)
        if widths != (self.fusion.text, self.fusion.audio, self.fusion.video):
            raise ValueError(f"the fusion does not take the students' embeddings, which are {widths} wide")
        if {self.text.labels, self.audio.labels, self.video.labels, self.fusion.labels} != {len(EMOTIONS)}:
            raise ValueError(f"each model must have {len(EMOTIONS)} outputs")
        if self.prompt.max_tokens > self.text.positions:
            raise ValueError(f"prompts of {self.prompt.max_tokens} tokens do not fit {self.text.positions} positions")
        if set(self.files) != set(FILES):
            raise ValueError(f"it must list the files {sorted(FILES)} and no other, not {sorted(self.files)}")
        return self


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the bundle in `folder`. Raises BundleError."""
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{folder} is not a bundle: {MANIFEST} can't be read; give a folder that has one") from error
    except ValueError as error:
        raise BundleError(f"{path} is not JSON ({error}); get the bundle again") from error
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BundleError(
            f"{path} has format {version}, this Undertone reads up to {FORMAT_VERSION}: upgrade undertone"
        )
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path} is not valid: {where}: {first['msg']}; get or export the bundle again") from error


def read_file(folder: Path, name: str, manifest: Manifest) -> bytes:
    """The bytes of one file, read once and held to the manifest's hash. Raises BundleError."""
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder / name} is missing or can't be read; get the bundle again") from error
    if hashlib.sha256(data).hexdigest() != manifest.files[name]:
        raise BundleError(
            f"{folder / name} is not the file that {MANIFEST} lists (SHA-256 differs); get the bundle again"
        )
    return data
