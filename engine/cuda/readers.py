"""Who reads words, faces and voices on a GPU. Nothing here waits for it."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.cuda.graphs import Fixed, Graphs, in_sizes
from engine.cuda.packed import Fields, Packed
from engine.facereader import Crops, lean
from engine.grouping import alike
from engine.mel import EDGE, HOP, WINDOW, normalise_rows, windowed
from engine.prompt import Prompt
from engine.students import AudioStudent, StudentOutput, TextStudent, VideoStudent
from engine.utterance import FACE_SIZE

PROMPTS: Final = (1, 8, 32, 64, 128, 256)  # in a batch
PICTURES: Final = (1, 16, 64, 128, 256, 512)
VOICES: Final = (1, 8, 64, 256)
_STEP: Final = 32  # tokens between the lengths that prompts are filled up to
_FRAMES: Final = 64  # of a voice, that are heard at a time


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What a student says of some of what it was given: float32 [n, D + labels] on the device; where: which."""

    where: Sequence[int]
    said: Tensor


class Words:
    """Prompts, as graphs: for each number of them, and each length."""

    def __init__(self, text: TextStudent, prompt: Prompt, graphs: Graphs, dtype: torch.dtype) -> None:
        student = deepcopy(text).to(graphs.device)
        student.encoder.to(dtype)
        self._student = student
        self._lengths = range(_STEP, prompt.max_tokens + _STEP, _STEP)
        self._graphs = {
            (size, length): Fixed(graphs, _prompts(size, min(length, text.config.positions)), self._read)
            for size in reversed(PROMPTS)
            for length in reversed(self._lengths)
        }

    def __call__(self, prompts: Sequence[Sequence[int]]) -> list[Rows]:
        """Rows of `Prompt.encode`."""
        found: list[Rows] = []
        for length in self._lengths:
            of_it = [i for i, row in enumerate(prompts) if length - _STEP < len(row) <= length]
            for rows, size in in_sizes(len(of_it), PROMPTS):
                where = [of_it[i] for i in rows]
                graph = self._graphs[size, length]
                inputs = graph.blank()
                _write_prompts(inputs.parts, [prompts[i] for i in where])
                found.append(Rows(where, graph(inputs)[: len(where)].clone()))
        return found

    def _read(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return _side_by_side(self._student(inputs["ids"], inputs["there"], inputs["mask"]))


class Faces:
    """Pictures, as graphs: for each number of them."""

    def __init__(self, video: VideoStudent, graphs: Graphs, dtype: torch.dtype) -> None:
        self._student = lean(video, dtype).to(graphs.device)
        self._graphs = {size: Fixed(graphs, _pictures(size), self._read) for size in reversed(PICTURES)}

    def __call__(self, crops: Crops) -> list[Rows]:
        """crops: uint8 [k, 48, 48]."""
        found: list[Rows] = []
        for rows, size in in_sizes(len(crops), PICTURES):
            graph = self._graphs[size]
            inputs = graph.blank()
            inputs.parts["crops"].numpy()[: len(rows)] = crops[rows.start : rows.stop]
            found.append(Rows(rows, graph(inputs)[: len(rows)].clone()))
        return found

    def _read(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return _side_by_side(self._student(inputs["crops"]))


class Voices:
    """Voices of like length, which is any: the LSTM is a graph for each number of them, some frames at a time.

    In float32, of which cuDNN multiplies 19 bits: in bfloat16 not every version of it has an LSTM. Its steps come one
    after the other and leave most of a GPU idle, so all of it runs beside the other students.
    """

    def __init__(self, audio: AudioStudent, device: torch.device) -> None:
        self._graphs = Graphs(device)
        self._student = deepcopy(audio).to(device)
        self._hear = {size: _Hearing(self._student.lstm, size, self._graphs) for size in reversed(VOICES)}

    def __call__(self, pcm: Sequence[npt.NDArray[np.float32]]) -> list[Rows]:
        """pcm: float32 [n] each. What is said may be read once it is joined."""
        batches = alike([len(samples) for samples in pcm], VOICES[-1])
        with self._graphs.beside():
            return [Rows(batch, self._listen([pcm[i] for i in batch])) for batch in batches]

    def join(self) -> None:
        """As `Graphs.join`."""
        self._graphs.join()

    def _listen(self, pcm: Sequence[npt.NDArray[np.float32]]) -> Tensor:
        """pcm: the longest first."""
        pieces = -(-(len(pcm[0]) // HOP + 1) // _FRAMES)
        sound_of_all = (len(pcm), pieces * _FRAMES * HOP + WINDOW - HOP)
        fields: Fields = {"pcm": (sound_of_all, torch.float32), "frames": ((len(pcm),), torch.long)}
        device = self._graphs.device
        inputs, sound = Packed.on_host(fields, device, blank=False), Packed(fields, device, blank=False)
        for row, samples in zip(inputs.parts["pcm"].numpy(), pcm, strict=True):
            end = EDGE + len(samples)
            row[:EDGE], row[EDGE:end], row[end:] = 0.0, samples, 0.0
        inputs.parts["frames"].numpy()[:] = [len(samples) // HOP + 1 for samples in pcm]
        inputs.send(sound)
        ((_, size),) = in_sizes(len(pcm), VOICES)
        heard = self._hear[size](**sound.parts)
        return _side_by_side(self._student.conclude(heard, sound.parts["frames"]))


class _Hearing:
    """From sound to what the LSTM makes of it, for so many voices of any length: _FRAMES at a time, as graphs."""

    def __init__(self, lstm: nn.LSTM, size: int, graphs: Graphs) -> None:
        self._lstm = lstm
        self._sound = torch.zeros(size, _FRAMES * HOP + WINDOW - HOP, device=graphs.device)
        self._mel = torch.zeros(size, _FRAMES, lstm.input_size, device=graphs.device)
        self._state = torch.zeros(2, lstm.num_layers, size, lstm.hidden_size, device=graphs.device)
        self._energy = graphs.capture(lambda: windowed(self._sound))
        self._go_on = graphs.capture(self._read)

    def __call__(self, pcm: Tensor, frames: Tensor) -> Tensor:
        """pcm: [B, n], EDGE samples of silence first, n for whole pieces; frames: long [B] -> [B, T, hidden]."""
        pieces = pcm.unfold(1, self._sound.shape[1], _FRAMES * HOP).unbind(1)
        mel = normalise_rows(_piecewise(self._energy, pieces, self._sound), frames)
        self._state.zero_()
        return _piecewise(self._go_on, mel.split(_FRAMES, dim=1), self._mel)  # type: ignore[no-untyped-call]

    def _read(self) -> Tensor:
        """It goes on from where it was."""
        hidden, cell = self._state
        heard, after = self._lstm(self._mel, (hidden, cell))
        torch.stack(after, out=self._state)
        return cast(Tensor, heard)


def _piecewise(run: Callable[[], Tensor], pieces: Sequence[Tensor], source: Tensor) -> Tensor:
    """What `run` makes of each piece, which it reads in `source`, one after the other in time."""
    found: list[Tensor] = []
    for piece in pieces:
        source[: len(piece)] = piece
        found.append(run()[: len(piece)].clone())
    return torch.cat(found, dim=1)


def _side_by_side(said: StudentOutput) -> Tensor:
    return torch.cat((said.embedding, said.logits), dim=1).float()


def _prompts(size: int, length: int) -> Fields:
    """ids, there (where a token is), mask (where <mask> is)."""
    rows = (size, length)
    return {"ids": (rows, torch.long), "there": (rows, torch.bool), "mask": ((size,), torch.long)}


def _write_prompts(parts: Mapping[str, Tensor], prompts: Sequence[Sequence[int]]) -> None:
    ids, there = parts["ids"].numpy(), parts["there"].numpy()
    for i, row in enumerate(prompts):
        ids[i, : len(row)] = row
        there[i, : len(row)] = True
    parts["mask"].numpy()[: len(prompts)] = [len(row) - 2 for row in prompts]


def _pictures(size: int) -> Fields:
    return {"crops": ((size, FACE_SIZE, FACE_SIZE), torch.uint8)}
