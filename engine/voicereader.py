"""Who reads voices on a CPU: the audio student, in batches of like length, or in bfloat16 one by one."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from engine.grouping import alike, in_order
from engine.mel import mel_frames
from engine.students import AudioStudent, StudentOutput

Pcm = npt.NDArray[np.float32]


class VoiceReader:
    """pcm float32 [n] of several utterances in, what the student says of them out, in their order.

    In bfloat16 each is read alone: the products of one row are rounded otherwise than those of several, and a voice
    must read the same in any company.
    """

    def __init__(self, audio: AudioStudent, dtype: torch.dtype) -> None:
        self._student, self._dtype = audio, dtype
        # The recurrent layers are all that costs time.
        self._lstm = self._student.lstm if dtype == torch.float32 else deepcopy(self._student.lstm).to(dtype)

    @torch.inference_mode()
    def __call__(self, pcm: Sequence[Pcm]) -> StudentOutput:
        mels = [mel_frames(samples) for samples in pcm]
        # The LSTM runs over padding too, so like goes with like.
        batches = alike([len(mel) for mel in mels], len(mels) if self._dtype == torch.float32 else 1)
        return in_order([self._listen([mels[i] for i in batch]) for batch in batches], batches)

    def _listen(self, mels: Sequence[Tensor]) -> StudentOutput:
        lengths = torch.tensor([len(mel) for mel in mels])
        padded = pad_sequence(list(mels), batch_first=True).to(self._dtype)
        return self._student.conclude(self._lstm(padded)[0].float(), lengths)
