"""Whisper, by faster-whisper on CTranslate2: good words, where the weights are on the machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol, cast

import faster_whisper
import numpy as np
from huggingface_hub.errors import LocalEntryNotFoundError

from streamer.audio import Samples
from streamer.recognise.words import RecogniserError, Transcript, Word

_THREADS: Final = 2


class _Timed(Protocol):
    word: str
    start: float
    end: float


class _Segment(Protocol):
    text: str
    words: list[_Timed] | None


class _Model(Protocol):
    def transcribe(
        self,
        audio: Samples,
        *,
        beam_size: int,
        temperature: float,
        word_timestamps: bool,
        condition_on_previous_text: bool,
    ) -> tuple[Iterable[_Segment], object]: ...


class WhisperRecogniser:
    """A Whisper model by name ("tiny.en") or by the folder of its CTranslate2 files.

    Nothing is fetched: raises RecogniserError at once when the weights are not on this machine.
    """

    draft = False
    streams = False

    def __init__(self, model: str) -> None:
        self.name = f"whisper {model}"
        self._model = _load(model)

    def open(self) -> "WhisperRecognition":
        return WhisperRecognition(self._model)

    def expect(self, speakers: int) -> None:
        """Nothing to do: all speakers share the weights."""

    def close(self) -> None:
        """Nothing to do: the weights go with the last recognition that holds them."""


class WhisperRecognition:
    """One utterance, collected. Whisper reads windows, not streams: each partial transcribes what is there so far."""

    def __init__(self, model: _Model) -> None:
        self._model = model
        self._heard: list[Samples] = []

    def feed(self, pcm: Samples) -> None:
        self._heard.append(pcm)

    def partial(self) -> str:
        return self._transcribe(beam=1, times=False).text

    def finish(self) -> Transcript:
        transcript = self._transcribe(beam=5, times=True)
        self._heard.clear()
        return transcript

    def _transcribe(self, *, beam: int, times: bool) -> Transcript:
        if not self._heard:
            return Transcript("", ())
        # Temperature zero: no sampling, so that the same audio gives the same words.
        segments, _ = self._model.transcribe(
            np.concatenate(self._heard),
            beam_size=beam,
            temperature=0.0,
            word_timestamps=times,
            condition_on_previous_text=False,
        )
        found = list(segments)
        words = (word for segment in found for word in segment.words or ())
        return Transcript(
            " ".join(text for segment in found if (text := segment.text.strip())),
            tuple(Word(w.word.strip(), round(w.start, 2), round(w.end, 2)) for w in words),
        )


def _load(model: str) -> _Model:
    folder = Path(model)
    if folder.is_dir() and not (folder / "tokenizer.json").is_file():
        raise RecogniserError(
            f"{model} is no whole Whisper model: it has no tokenizer.json, which must lie beside model.bin."
        )
    try:
        loaded = faster_whisper.WhisperModel(
            model, device="auto", compute_type="int8", cpu_threads=_THREADS, local_files_only=True
        )
    except LocalEntryNotFoundError as error:
        remedy = f'python -c "import faster_whisper; faster_whisper.download_model({model!r})"'
        raise RecogniserError(
            f"The weights of Whisper {model!r} are not on this machine. While online, run: {remedy} "
            f"- or give a folder with them, or use the recogniser 'sphinx', which needs none."
        ) from error
    except (ValueError, RuntimeError, OSError) as error:
        known = ", ".join(faster_whisper.available_models())
        raise RecogniserError(
            f"Whisper {model!r} cannot be loaded. Give a folder of CTranslate2 files, or one of: {known}."
        ) from error
    return cast(_Model, loaded)
