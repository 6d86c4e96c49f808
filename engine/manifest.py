"""bundle.json: what a bundle says of itself."""

import hashlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from engine.calibration import Calibration
from engine.errors import BundleError
from engine.labels import EMOTIONS
from engine.magt import MagtConfig
from engine.students import AudioConfig, TextConfig, VideoConfig

FORMAT_VERSION: Final = 1
MANIFEST: Final = "bundle.json"
TOKENIZER: Final = "tokenizer.json"
GRAPH: Final = "text.onnx"  # the text student for ONNX Runtime; a bundle may lack it
CARD: Final = "MODEL_CARD.md"
WEIGHTS: Final = ("text.safetensors", "audio.safetensors", "video.safetensors", "fusion.safetensors")
FILES: Final = (*WEIGHTS, TOKENIZER, CARD)
TEXT_FILES: Final = ("text.safetensors", TOKENIZER, CARD)
WHOLE: Final = "text+audio+video"  # the kinds of bundles
TEXT: Final = "text"
_EXAMPLES: Final = {
    WHOLE: "give one such as undertone-base",
    TEXT: "give one that `undertone train iemocap` and its export made",
}

Form = TypeVar("Form", bound="Description")


class PromptSettings(BaseModel):
    """turns: how many past turns the text student reads; max_tokens: how long its prompt is at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turns: int = Field(ge=0)
    max_tokens: int = Field(ge=1)


class Description(BaseModel):
    """What every bundle says: what it holds, where it comes from, and a SHA-256 for each file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = FORMAT_VERSION
    kind: str
    name: str = Field(min_length=1, max_length=100)
    labels: tuple[str, ...]
    text: TextConfig
    prompt: PromptSettings
    training: dict[str, JsonValue]
    scores: dict[str, JsonValue]
    files: dict[str, str]

    @model_validator(mode="after")
    def _prompts_fit(self) -> "Description":
        if self.prompt.max_tokens > self.text.positions:
            raise ValueError(f"prompts of {self.prompt.max_tokens} tokens do not fit {self.text.positions} positions")
        return self


class Manifest(Description):
    """Of a whole bundle: three students, their fusion, and calibration."""

    kind: Literal["text+audio+video"] = WHOLE
    labels: tuple[str, ...] = EMOTIONS
    audio: AudioConfig
    video: VideoConfig
    fusion: MagtConfig
    calibration: Calibration

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
        check_files(self.files, FILES)
        return self


class TextManifest(Description):
    """Of a text student alone, for any set of labels; it has no default kind, since a whole bundle needs none."""

    kind: Literal["text"]
    temperature: float = Field(gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _fits_together(self) -> "TextManifest":
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must be two or more and all different, not {list(self.labels)}")
        if self.text.labels != len(self.labels):
            raise ValueError(f"the text student has {self.text.labels} outputs for {len(self.labels)} labels")
        check_files(self.files, TEXT_FILES)
        return self


def check_files(listed: Iterable[str], wanted: Collection[str]) -> None:
    """Raises ValueError unless a manifest lists just what a bundle of its kind has; the graph is optional."""
    if set(listed) - {GRAPH} != set(wanted):
        raise ValueError(f"it must list the files {sorted(wanted)} and no other, not {sorted(listed)}")


def read_kind(folder: Path) -> str:
    """What the bundle in `folder` says that it is: WHOLE or TEXT. Raises BundleError where there is no manifest."""
    return str(_read_json(folder).get("kind", WHOLE))


def read_manifest(folder: Path, form: type[Form]) -> Form:
    """The manifest of the bundle in `folder`, which must be of this form. Raises BundleError."""
    path, raw = folder / MANIFEST, _read_json(folder)
    kind, wanted = raw.get("kind", WHOLE), WHOLE if form is Manifest else TEXT
    if kind != wanted and kind in (WHOLE, TEXT):
        raise BundleError(f"{folder} is a bundle of {kind}, but one of {wanted} is needed here: {_EXAMPLES[wanted]}")
    try:
        return form.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path} is not valid: {where}: {first['msg']}; get or export the bundle again") from error


def _read_json(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{folder} is not a bundle: {MANIFEST} can't be read; give a folder that has one") from error
    except ValueError as error:
        raise BundleError(f"{path} is not JSON ({error}); get the bundle again") from error
    if not isinstance(raw, dict):
        raise BundleError(f"{path} is not valid: it must be an object; get or export the bundle again")
    version = raw.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BundleError(
            f"{path} has format {version}, this Undertone reads up to {FORMAT_VERSION}: upgrade undertone"
        )
    return raw


def read_file(folder: Path, name: str, manifest: Description) -> bytes:
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
