"""Real recogniser errors: dialogues read aloud by flite, heard by PocketSphinx, kept under `runs/`."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.prompt import Turn
from engine.utterance import SAMPLE_RATE
from training.corpora.dialogue import Dialogue
from training.evaluation.progress import progress
from training.evaluation.scores import CannotScore

VOICES: Final = ("slt", "rms", "awb", "kal16")  # given to a dialogue's speakers in turn
_ASCII: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "—": ", ", "–": ", "})

SETTINGS: Final[dict[str, bool | int | float]] = {
    "fwdflat": False,
    "maxhmmpf": 6_000,
    "maxwpf": 40,
    "pbeam": 1e-46,
    "pl_window": 8,
    "pl_weight": 4.0,
}
"""PocketSphinx's, as the streamer has them."""

Kept = dict[str, dict[str, str]]  # by "dialogue/turn": voice, said, heard


class NoVoice(Exception):
    """Nothing here can read the dialogues aloud; the sentence says what is missing."""


def find_ffmpeg() -> str:
    """An ffmpeg with flite's voices. Raises NoVoice."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise NoVoice("ffmpeg is not installed: without it no sentence can be read aloud to the recogniser")
    listed = subprocess.run([ffmpeg, "-hide_banner", "-filters"], capture_output=True, text=True, check=False)
    if " flite " not in listed.stdout:
        raise NoVoice(f"{ffmpeg} has no flite voices (Debian's has): no sentence can be read aloud to the recogniser")
    return ffmpeg


def speak(ffmpeg: str, text: str, voice: str) -> bytes:
    """Text as flite says it: signed 16-bit samples, mono, 16 kHz. Raises CannotScore if ffmpeg fails."""
    with tempfile.TemporaryDirectory() as folder:
        said = text.translate(_ASCII).encode("ascii", "ignore")  # flite reads bytes; a file needs no quoting
        (Path(folder) / "said.txt").write_bytes(said + b"\n")
        source = ["-f", "lavfi", "-i", f"flite=textfile=said.txt:voice={voice}"]
        command = [ffmpeg, "-v", "error", *source, "-ar", str(SAMPLE_RATE), "-ac", "1", "-f", "s16le", "-"]
        done = subprocess.run(command, capture_output=True, cwd=folder, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()
        raise CannotScore(f"ffmpeg can't say {text!r} with the voice {voice}: {reason}")
    return done.stdout


class Listener:
    """PocketSphinx with its own English model, set up as the streamer has it."""

    def __init__(self) -> None:
        import pocketsphinx

        self._decoder: Any = pocketsphinx.Decoder(**SETTINGS, loglevel="FATAL")
        self.hear(bytes(SAMPLE_RATE))  # a decoder's very first utterance is scored otherwise than all later ones

    def hear(self, pcm: bytes) -> str:
        """The words of one utterance in lower case, "" if there are none; pcm as from `speak`."""
        if not pcm:  # such as kal16's of "..."
            return ""
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm)
        so_far = self._decoder.hyp()
        self._decoder.end_utt()
        # Without a best path, since the search's limits left out the end of the sentence, what it had heard stands.
        hypothesis = so_far if self._decoder.seg() is None else self._decoder.hyp()
        return str(hypothesis.hypstr) if hypothesis else ""


def recognise(dialogues: Sequence[Dialogue], cache: Path) -> list[Dialogue]:
    """The same dialogues in the recogniser's words; a turn of which it heard nothing has none.

    What `cache` holds is not done again; each dialogue is added when it is done. Raises NoVoice or CannotScore.
    """
    kept = _read(cache)
    missing = [d for d in dialogues if any(_known(kept, line) is None for line in _lines(d))]
    if missing:
        ffmpeg, listener = find_ffmpeg(), Listener()
        for dialogue in progress(missing, "reading aloud and recognising"):
            for line in _lines(dialogue):
                if _known(kept, line) is None:
                    heard = listener.hear(speak(ffmpeg, line.said, line.voice))
                    kept[line.name] = {"voice": line.voice, "said": line.said, "heard": heard}
            _write(cache, kept)
    return [
        replace(d, turns=tuple(Turn(t.speaker, _known(kept, n) or "") for t, n in zip(d.turns, _lines(d), strict=True)))
        for d in dialogues
    ]


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    voice: str
    said: str


def _lines(dialogue: Dialogue) -> list[_Line]:
    return [
        _Line(f"{dialogue.name}/{index}", VOICES[(turn.speaker - 1) % len(VOICES)], turn.text)
        for index, turn in enumerate(dialogue.turns)
    ]


def _known(kept: Kept, line: _Line) -> str | None:
    """What was heard, if it was of these very words in this voice."""
    entry = kept.get(line.name)
    if entry is None or (entry["voice"], entry["said"]) != (line.voice, line.said):
        return None
    return entry["heard"]


def _read(cache: Path) -> Kept:
    """What a recogniser with the same settings heard before."""
    if not cache.exists():
        return {}
    try:
        file = json.loads(cache.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CannotScore(f"{cache} can't be read ({error}); delete it, and it is made anew") from error
    kept: Kept = file["heard"] if file.get("settings") == SETTINGS else {}
    return kept


def _write(cache: Path, kept: Kept) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    half = cache.with_suffix(".part")
    file = {"settings": SETTINGS, "heard": kept}
    half.write_text(json.dumps(file, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    half.replace(cache)
