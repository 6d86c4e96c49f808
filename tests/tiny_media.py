"""Media of a second or less, in the official layouts of MELD and IEMOCAP: real files, generated."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.tiny_corpora import write_tone

RATE, SIDE = 16_000, 64


def write_film(path: Path, *, seconds: float = 0.8, fps: int = 10, sound: bool = True) -> Path:
    """Grey frames that grow brighter from black to white, and a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = round(seconds * fps)
    with av.open(str(path), "w") as file:
        film = file.add_stream("mpeg4", rate=Fraction(fps))
        film.width, film.height, film.pix_fmt, film.gop_size = SIDE, SIDE, "yuv420p", 4
        tone = file.add_stream("aac" if path.suffix == ".mp4" else "mp3", rate=RATE, layout="mono") if sound else None
        for index in range(count):
            picture = np.full((SIDE, SIDE, 3), round(255 * index / max(1, count - 1)), dtype=np.uint8)
            file.mux(film.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(film.encode(None))
        if tone is not None:
            time = np.arange(round(seconds * RATE)) / RATE
            wave = av.AudioFrame.from_ndarray(
                (0.3 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)[None], format="fltp", layout="mono"
            )
            wave.sample_rate = RATE
            file.mux(tone.encode(wave))
            file.mux(tone.encode(None))
    return path


def write_meld_clips(folder: Path, turns: Sequence[Sequence[int]]) -> None:
    """diaX_uttY.mp4 for the utterances Y of each dialogue X."""
    for dialogue, utterances in enumerate(turns):
        for utterance in utterances:
            write_film(folder / f"dia{dialogue}_utt{utterance}.mp4")


def write_iemocap_dialogue(
    session: Path, name: str, said: Sequence[tuple[str, float, float, str, str]], *, media: bool = True
) -> None:
    """said: utterance such as F000, start, end, words, label; lines that are no utterance stand between, as there."""
    lines = [f"{name}_{who} [{start:08.4f}-{end:08.4f}]: {words}" for who, start, end, words, _ in said]
    _write(
        session / "dialog" / "transcriptions" / f"{name}.txt",
        [*lines, f"{name}_FXX0 [001.0000-001.2000]: [BREATHING]", "M: Wait!"],
    )
    judged = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for who, start, end, _, label in said:
        judged += [f"[{start:.4f} - {end:.4f}]\t{name}_{who}\t{label}\t[2.5000, 2.5000, 2.5000]", "C-E2:\tNeutral;\t()"]
    _write(session / "dialog" / "EmoEvaluation" / f"{name}.txt", judged)
    _write(session / "dialog" / "transcriptions" / f"._{name}.txt", ["\0"])
    if media:
        for code, (who, *_) in enumerate(said):
            write_tone(session / "sentences" / "wav" / name / f"{name}_{who}.wav", code)
        write_film(session / "dialog" / "avi" / "DivX" / f"{name}.avi", seconds=3.0)


def write_fer2013(folder: Path, votes: Sequence[Mapping[str, int]], usage: str = "Training") -> tuple[Path, Path]:
    """fer2013.csv and fer2013new.csv: for each picture the raters' votes by FER+'s names, others have none."""
    names = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
    pictures, counted = ["emotion,pixels,Usage"], [f"Usage,Image name,{','.join(names)}"]
    for index, cast in enumerate(votes):
        pixels = " ".join(str((index + place) % 256) for place in range(48 * 48))
        pictures.append(f"{index % 7},{pixels},{usage}")
        counted.append(f"{usage},fer{index:07}.png,{','.join(str(cast.get(name, 0)) for name in names)}")
    _write(folder / "fer2013.csv", pictures)
    _write(folder / "fer2013new.csv", counted)
    return folder / "fer2013.csv", folder / "fer2013new.csv"


def write_clip_file(path: Path, lines: Sequence[str]) -> Path:
    """A csv of clips with its header."""
    _write(path, ["path,label,speaker", *lines])
    return path


def _write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
