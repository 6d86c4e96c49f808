"""Speaks `conversation.toml` with ffmpeg's flite voices: Opus, one speaker a channel, and its transcript as WebVTT.

Run it as `python -m streamer.samples.compose` where the script changed. The same ffmpeg gives the same bytes.
"""

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

FOLDER: Final = Path(__file__).parent
_RATE: Final = 16000
_PAUSE_SECONDS: Final = 0.25
_CLOSING_SECONDS: Final = 1.0
_SILENCE: Final = 0.004
_PEAK: Final = 0.35

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cue:
    """One turn of the conversation, in seconds."""

    speaker: str
    start: float
    end: float
    text: str


def compose(script: dict[str, Any]) -> tuple[Samples, list[Cue]]:
    """The sound, float32 [speakers, n] at 16 kHz, and who says what when."""
    speakers = list(script["speakers"])
    pieces: list[Samples] = []
    cues: list[Cue] = []
    length = 0
    for turn in script["turns"]:
        spoken = _speak_turn(turn, script)
        start = length + round(turn["gap"] * _RATE)
        length = start + len(spoken)
        piece = np.zeros((len(speakers), len(spoken) + round(turn["gap"] * _RATE)), np.float32)
        piece[speakers.index(turn["speaker"]), -len(spoken) :] = spoken
        pieces.append(piece)
        cues.append(Cue(turn["speaker"], start / _RATE, length / _RATE, " ".join(turn["say"])))
    pieces.append(np.zeros((len(speakers), round(_CLOSING_SECONDS * _RATE)), np.float32))
    return np.concatenate(pieces, axis=1), cues


def webvtt(cues: list[Cue]) -> str:
    """The cues as a WebVTT file with voice tags."""
    blocks = (f"{_clock(cue.start)} --> {_clock(cue.end)}\n<v {cue.speaker}>{cue.text}\n" for cue in cues)
    return "\n".join(["WEBVTT\n", *blocks])


def _speak_turn(turn: dict[str, Any], script: dict[str, Any]) -> Samples:
    speaker, prosody = script["speakers"][turn["speaker"]], script["prosody"][turn["expresses"]]
    pitch = speaker["pitch"] * prosody["pitch"]
    parts = [_speak(text, speaker["voice"], pitch, prosody["rate"]) for text in turn["say"]]
    pause = np.zeros(round(_PAUSE_SECONDS * _RATE), np.float32)
    whole = np.concatenate([piece for part in parts for piece in (pause, part)][1:])
    loudness = _PEAK * 10 ** (prosody["volume"] / 20)
    return np.asarray(whole * (loudness / np.abs(whole).max()), np.float32)


def _speak(text: str, voice: str, pitch: float, rate: float) -> Samples:
    """One part without the silence around it. Resampling raises pitch and rate together; atempo sets the rate alone."""
    filters = [f"asetrate={round(_RATE * pitch)}", f"aresample={_RATE}", f"atempo={rate / pitch:.4f}"]
    source = f"flite=voice={voice}:text='{text}'"
    raw = _ffmpeg("-f", "lavfi", "-i", ",".join([source, *filters]), "-ar", str(_RATE), "-ac", "1", "-f", "f32le", "-")
    pcm = np.frombuffer(raw, np.float32)
    heard = np.flatnonzero(np.abs(pcm) > _SILENCE)
    return pcm[heard[0] : heard[-1] + 1]


def _encode(pcm: Samples, path: Path) -> None:
    _ffmpeg(
        *("-f", "f32le", "-ar", str(_RATE), "-ac", str(len(pcm)), "-i", "-"),
        *("-c:a", "libopus", "-b:a", "64k", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-y", str(path)),
        stdin=np.ascontiguousarray(pcm.T).tobytes(),
    )


def _ffmpeg(*arguments: str, stdin: bytes = b"") -> bytes:
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", *arguments]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60000)
    return f"00:{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def main() -> None:
    """Writes the sound and the transcript beside the script."""
    script = tomllib.loads((FOLDER / "conversation.toml").read_text(encoding="utf-8"))
    pcm, cues = compose(script)
    _encode(pcm, FOLDER / "conversation.opus")
    (FOLDER / "conversation.vtt").write_text(webvtt(cues), encoding="utf-8")


if __name__ == "__main__":
    main()
